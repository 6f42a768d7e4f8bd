internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Pages
internal import Primitives
internal import Storage
internal import Web

/// The page that shows a new key to an authenticator app and takes the first code.
struct TurnOnPage: Encodable {
    let errors: ErrorSummary?
    let delay: String?
    let home: String
    /// The QR code: its side in modules, and its shape.
    let size: Int
    let path: String
    /// The same for an app on this device.
    let address: String
    let key, account: String
    let username: String
    let password, code: Field
    let onward: String?
    let isDemo: Bool
}

/// The page that shows recovery codes, once.
struct RecoveryCodesPage: Encodable {
    let codes: [String]
    let nextAddress, nextLabel: String
}

extension FactorPages {
    func addTurningOn(to routes: Routes) {
        routes.post("\(place.home)/begin") { request, context in
            try await place.form(request, context) { visit, form in try await begin(visit, onward: onward(form["onward"]), context) }
        }
        routes.get("\(place.home)/turn-on") { request, context in
            try await place.page(request, context) { visit in
                try await turnOnPage(visit, onward: onward(request.query?["onward"]), FormErrors(), context)
            }
        }
        routes.post("\(place.home)/turn-on") { request, context in
            try await place.form(request, context) { visit, form in try await turnOn(visit, form, context) }
        }
        routes.get("\(place.home)/recovery-codes") { request, context in
            try await place.page(request, context) { visit in showCodes(visit, onward: onward(request.query?["onward"]), request, context) }
        }
    }

    /// The address that enrolling leads on to, if it is one of those that may be.
    func onward(_ text: String?) -> String? { text.flatMap { place.leadsOnward($0) ? $0 : nil } }

    private func begin(_ visit: FactorVisit, onward: String?, _ context: AppContext) async throws -> Response {
        let (session, now) = (visit.session, context.receivedAt)
        let isOn = try await tools.database.write { [factors = tools.factors] tx -> Bool in
            guard try factors.find(of: session.person.id, in: tx) == nil else { return true }
            try factors.begin(for: session.person.id, in: session.id, at: now, in: tx)
            return false
        }
        return .seeOther(address(isOn ? place.home : "\(place.home)/turn-on", onward: onward))
    }

    private func address(_ page: String, onward: String?) -> String { onward.map { "\(page)?onward=\(Web.Parameters.encode($0))" } ?? page }

    private func turnOnPage(
        _ visit: FactorVisit, onward: String?, _ errors: FormErrors, wait: Wait? = nil, _ context: AppContext, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let (session, now) = (visit.session, context.receivedAt)
        let key = try await tools.database.read { [factors = tools.factors] tx in
            try factors.waitingKey(of: session.person.id, in: session.id, at: now, in: tx)
        }
        guard let key else { return .seeOther(place.home) }
        let address = key.address(issuer: "Wekeza", account: session.person.signInName)
        // A sign-in name has at most 254 bytes, of which a code holds many more.
        guard let code = QRCode(address) else { return .seeOther(place.home) }
        let page = TurnOnPage(
            errors: errors.summary, delay: wait.map { "Too many attempts failed. Try again in \($0.words)." }, home: place.home, size: code.size,
            path: code.path,
            address: address, key: key.base32.inGroups(of: 4, separatedBy: " "), account: session.person.signInName, username: session.person.signInName,
            password: .password("password", "Current password", errors: errors),
            code: CodePage.field(hint: "The six digits that the app shows now.", errors: errors), onward: onward, isDemo: tools.pages.isDemo)
        return tools.pages.page(
            "second-factor/turn-on", page, shell: visit.shell("Turn on two-step sign-in", !errors.isEmpty || wait != nil), status: status)
    }

    private func turnOn(_ visit: FactorVisit, _ form: Web.Parameters, _ context: AppContext) async throws -> Response {
        let (password, code, onward) = (form["password"] ?? "", form["code"] ?? "", onward(form["onward"]))
        var errors = FormErrors()
        if code.trimmingWhitespace().isEmpty { errors.add(field: "code", CodePage.missing(isRecovery: false)) }
        if password.isEmpty { errors.add(field: "password", "Enter your current password") }
        guard errors.isEmpty else { return try await turnOnPage(visit, onward: onward, errors, context, status: .unprocessableContent) }

        let (person, now) = (visit.session.person, context.receivedAt)
        switch try await tools.signIn.prove(password, of: person, from: context.clientAddress, requestID: context.requestID, at: now) {
        case .right(let proof): return try await turnOn(visit, code, after: proof, onward: onward, context)
        case .wrong: return try await refuse(visit, .refused(.wrongPassword), onward: onward, context)
        case .delayed(let until):
            let wait = Wait(until: until, seenAt: now)
            return Self.delayed(try await turnOnPage(visit, onward: onward, errors, wait: wait, context, status: .tooManyRequests), wait)
        }
    }

    private func turnOn(_ visit: FactorVisit, _ code: String, after proof: FirstStep, onward: String?, _ context: AppContext) async throws -> Response {
        let (session, now, requestID) = (visit.session, context.receivedAt, context.requestID)
        let raises = onward != nil
        let (outcome, token) = try await tools.database.write {
            [changes = tools.changes, sessions = tools.sessions] tx -> (SecondFactorChanges.TurningOn, Secret?) in
            let outcome = try changes.turnOn(with: code, in: session, after: proof, at: now, requestID: requestID, in: tx)
            // On the way on which the code was asked for, this is the second step. Elsewhere the session stays what it was.
            guard case .on = outcome, raises else { return (outcome, nil) }
            return (outcome, try sessions.raise(session, at: now, in: tx))
        }
        guard case .on(let codes) = outcome else { return try await refuse(visit, outcome, onward: onward, context) }
        tell(session.person, .turnedOn, context)
        var response = try leadingToCodes(codes, visit, onward: onward, context)
        if let token { tools.cookies.set(place.sessionCookie, to: token.value, on: &response) }
        return response
    }

    private func refuse(
        _ visit: FactorVisit, _ outcome: SecondFactorChanges.TurningOn, onward: String?, _ context: AppContext
    ) async throws -> Response {
        var errors = FormErrors()
        switch outcome {
        case .refused(.signedOut): return .seeOther(place.signIn)
        case .refused(.wrongPassword): errors.add(field: "password", "This is not your current password. Check it and try again.")
        case .wrongCode, .on:
            errors.add(field: "code", "This code is not the one that the app shows for this key. Check the time on your phone, and try again.")
        }
        return try await turnOnPage(visit, onward: onward, errors, context, status: .unprocessableContent)
    }

    func leadingToCodes(_ codes: [RecoveryCode], _ visit: FactorVisit, onward: String?, _ context: AppContext) throws -> Response {
        var response = Response.seeOther(address("\(place.home)/recovery-codes", onward: onward))
        try shownCodes.set(ShownCodes(session: visit.session.id, codes: codes.map(\.text)), at: context.receivedAt, on: &response)
        return response
    }

    private func showCodes(_ visit: FactorVisit, onward: String?, _ request: Request, _ context: AppContext) -> Response {
        guard let shown = shownCodes.content(in: request, at: context.receivedAt), shown.session == visit.session.id else { return .seeOther(place.home) }
        let page = RecoveryCodesPage(
            codes: shown.codes, nextAddress: onward ?? place.home, nextLabel: onward == nil ? "I have kept them" : "I have kept them, go on")
        var response = tools.pages.page("second-factor/recovery-codes", page, shell: visit.shell("Your recovery codes", false))
        shownCodes.remove(from: &response)
        return response
    }
}
