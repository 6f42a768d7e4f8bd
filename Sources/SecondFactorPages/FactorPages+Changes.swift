internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Pages
internal import Primitives
internal import Storage
internal import Web

/// Whether two-step sign-in is on, and what can be done about it.
struct FactorHomePage: Encodable {
    let message: String?
    let errors: ErrorSummary?
    let delay: String?
    let home: String
    let originAddress, originTitle: String
    let isOn: Bool
    let since: String
    let codesLeft: String
    let hasFewCodes: Bool
    let code: Field
    let onward: String?
}

extension FactorPages {
    func addChanges(to routes: Routes) {
        routes.get(place.home) { request, context in
            try await place.page(request, context) { visit in
                let message = request.query?["off"] != nil ? "Two-step sign-in is off. Your password alone signs you in." : nil
                return try await home(visit, onward: onward(request.query?["onward"]), FormErrors(), message: message, context)
            }
        }
        routes.post("\(place.home)/change") { request, context in
            try await place.form(request, context) { visit, form in try await change(visit, form, context) }
        }
    }

    private func home(
        _ visit: FactorVisit, onward: String? = nil, _ errors: FormErrors, wait: Wait? = nil, message: String? = nil, _ context: AppContext,
        status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let person = visit.session.person
        let factor = try await tools.database.read { [factors = tools.factors] tx in try factors.find(of: person.id, in: tx) }
        let left = factor?.recoveryCodes ?? 0
        let page = FactorHomePage(
            message: message, errors: errors.summary, delay: wait.map { "Too many codes were wrong. Try again in \($0.words)." }, home: place.home,
            originAddress: place.origin.address, originTitle: place.origin.title, isOn: factor != nil,
            since: factor?.enrolledAt.dayAndClock ?? "", codesLeft: left == 0 ? "None left" : "\(left) left", hasFewCodes: left <= 3,
            code: CodePage.field(hint: "From your authenticator app, or one of your recovery codes.", errors: errors), onward: onward)
        return tools.pages.page("second-factor/home", page, shell: visit.shell("Two-step sign-in", !errors.isEmpty || wait != nil), status: status)
    }

    private enum Done: Sendable {
        case renewed([RecoveryCode])
        case turnedOff
        case refused
        case delayed(until: Timestamp)
    }

    private func change(_ visit: FactorVisit, _ form: Web.Parameters, _ context: AppContext) async throws -> Response {
        guard let wanted = form["change"], ["renew", "turn-off"].contains(wanted) else { throw HTTPError(.badRequest) }
        let typed = form["code"] ?? ""
        var errors = FormErrors()
        guard !typed.trimmingWhitespace().isEmpty else {
            errors.add(field: "code", CodePage.missing(isRecovery: false))
            return try await home(visit, errors, context, status: .unprocessableContent)
        }
        switch try await change(visit.session.person, renewing: wanted == "renew", typed: typed, context) {
        case .renewed(let codes):
            tell(visit.session.person, .recoveryCodesRenewed, context)
            return try leadingToCodes(codes, visit, onward: nil, context)
        case .turnedOff:
            tell(visit.session.person, .turnedOff, context)
            return .seeOther("\(place.home)?off=1")
        case .refused:
            errors.add(field: "code", CodePage.refusal(isRecovery: false))
            return try await home(visit, errors, context, status: .unprocessableContent)
        case .delayed(let until):
            let wait = Wait(until: until, seenAt: context.receivedAt)
            return Self.delayed(try await home(visit, errors, wait: wait, context, status: .tooManyRequests), wait)
        }
    }

    private func change(_ person: Person, renewing: Bool, typed: String, _ context: AppContext) async throws -> Done {
        let (now, requestID, address) = (context.receivedAt, context.requestID, context.clientAddress)
        return try await tools.database.write { [changes = tools.changes] tx in
            if renewing {
                switch try changes.renewRecoveryCodes(with: typed, of: person, from: address, at: now, requestID: requestID, in: tx) {
                case .done(let codes): .renewed(codes)
                case .refused: .refused
                case .delayed(let until): .delayed(until: until)
                }
            } else {
                switch try changes.turnOff(with: typed, of: person, from: address, at: now, requestID: requestID, in: tx) {
                case .done: .turnedOff
                case .refused: .refused
                case .delayed(let until): .delayed(until: until)
                }
            }
        }
    }
}
