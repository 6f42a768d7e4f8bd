internal import Applications
internal import AuthorizationServer
internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Pages
internal import Primitives
internal import SecondFactorPages
internal import Storage
internal import Web

/// The offer to turn on two-step sign-in, on the way from an app that asks for it.
struct SecondFactorOfferPage: Encodable {
    let asker: CodePage.Asker
    let lead: String
    let csrf: String
    /// Where the way goes on afterwards.
    let onward: String
    let withoutAddress, withoutLabel: String
}

/// The second step on the way from an app: the code after a password, or the code that a signed-in customer adds because the app asks for it.
extension CustomerRoutes {
    func codePage(
        _ transaction: AuthorizationTransaction, sealed: String, isRecovery: Bool, error: String? = nil, wait: Wait? = nil, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        var errors = FormErrors()
        if let error { errors.add(field: "code", error) }
        let page = CodePage(
            address: Self.address(sealed), action: "/oauth2/authorize/code", restart: "/oauth2/authorize/switch?transaction=\(sealed)", isRecovery: isRecovery,
            csrf: nil, transaction: sealed,
            asker: try await asker(of: transaction, sealed: sealed), errors: errors, wait: wait, isDemo: pages.isDemo)
        let shell = shell(CodePage.title, for: nil, width: .narrow, isError: error != nil || wait != nil)
        return allowing(transaction, on: pages.page("second-factor/code", page, shell: shell, status: status))
    }

    func secondFactorPage(
        _ transaction: AuthorizationTransaction, sealed: String, isEssential: Bool, session: Session?
    ) async throws -> Response {
        let asker = try await asker(of: transaction, sealed: sealed)
        let page = SecondFactorOfferPage(
            asker: asker,
            lead: isEssential
                ? "\(asker.name) takes only customers who sign in with a one-time code after the password."
                : "\(asker.name) would like you to sign in with a one-time code after the password.",
            csrf: session.map { csrf.token(for: $0.id.rawValue) } ?? "", onward: Self.address(sealed),
            withoutAddress: "/oauth2/authorize/without-code?transaction=\(sealed)", withoutLabel: isEssential ? "Go back to \(asker.name)" : "Go on without")
        return allowing(transaction, on: pages.page("second-factor/offer", page, shell: shell("Two-step sign-in", for: nil, width: .narrow)))
    }

    private func asker(of transaction: AuthorizationTransaction, sealed: String) async throws -> CodePage.Asker {
        let name = try await apps.find(transaction.appID)?.name ?? "The app"
        return CodePage.Asker(name: name, initials: initials(of: name), leaveAddress: "/oauth2/authorize/leave?transaction=\(sealed)")
    }

    func enterCode(_ request: Request, _ context: AppContext) async throws -> Response {
        let form = try await request.fields(context: context)
        return try await opened(form["transaction"], request, context) { transaction, sealed in
            let session = try await session(of: request, context)
            let step = try await authorization.step(transaction, session: session, at: context.receivedAt)
            let (typed, isRecovery) = (form["code"] ?? "", form["recovery"] != nil)
            let outcome: SecondStepOutcome
            switch step {
            case .code, .stepUp:
                guard !typed.trimmingWhitespace().isEmpty else {
                    let error = CodePage.missing(isRecovery: isRecovery)
                    return try await codePage(transaction, sealed: sealed, isRecovery: isRecovery, error: error, status: .unprocessableContent)
                }
                outcome = try await take(typed, step: step, session: session, context)
            default:
                return try await show(step, transaction, sealed: sealed, session: session, context)
            }
            switch outcome {
            case .signedIn(let person, let spent):
                if spent == .recoveryCode { factorPages.tell(person, .recoveryCodeUsed, context) }
                return try await goOn(transaction, after: step, in: session, request, context)
            case .over:
                var transaction = transaction
                transaction.firstStep = nil
                return allowing(transaction, on: .seeOther(Self.address(authorization.seal(transaction, browser: browsers.browser(of: request).value))))
            case .refused:
                let error = CodePage.refusal(isRecovery: isRecovery)
                return try await codePage(transaction, sealed: sealed, isRecovery: isRecovery, error: error, status: .unprocessableContent)
            case .delayed(let until):
                let wait = Wait(until: until, seenAt: context.receivedAt)
                return delayed(
                    try await codePage(transaction, sealed: sealed, isRecovery: isRecovery, wait: wait, status: .tooManyRequests), until: until, context)
            }
        }
    }

    private func take(
        _ typed: String, step: AuthorizationEndpoint.Step, session: Session?, _ context: AppContext
    ) async throws -> SecondStepOutcome {
        let (address, requestID, now) = (context.clientAddress, context.requestID, context.receivedAt)
        if case .code(let first) = step {
            return try await factors.secondStep.complete(first, with: typed, population: .customer, from: address, requestID: requestID, at: now)
        }
        guard let person = session?.person else { return .over }
        let outcome = try await database.write { [secondStep = factors.secondStep] tx in
            try secondStep.take(typed, of: person, from: address, requestID: requestID, at: now, in: tx)
        }
        switch outcome {
        case .right(let spent): return .signedIn(person, spent)
        case .refused: return .refused
        case .delayed(let until): return .delayed(until: until)
        }
    }

    /// Begins the session after a password and a code, or raises the one in which the code was added.
    private func goOn(
        _ transaction: AuthorizationTransaction, after step: AuthorizationEndpoint.Step, in session: Session?, _ request: Request, _ context: AppContext
    ) async throws -> Response {
        var (response, transaction) = (Response.seeOther(""), transaction)
        if case .code(let first) = step {
            transaction.firstStep = nil
            // Without one, since the password was changed meanwhile, the way leads to the sign-in form.
            transaction.startedSession = try await start(after: first, methods: SecondStep.methods, request: request, context: context, on: &response)?.id
        } else if let session {
            let now = context.receivedAt
            let token = try await database.write { [sessions] tx in try sessions.raise(session, at: now, in: tx) }
            if let token { cookies.set(Self.sessionCookie, to: token.value, on: &response) }
        }
        response.headers[.location] = Self.address(authorization.seal(transaction, browser: browsers.browser(of: request).value))
        return allowing(transaction, on: response)
    }

    /// The customer goes on without a code: to the question when the app only wished for one, back to the app when nothing else will do.
    func goOnWithoutCode(_ request: Request, _ context: AppContext) async throws -> Response {
        try await opened(request.query?["transaction"], request, context) { transaction, _ in
            var transaction = transaction
            transaction.wentOnWithoutCodeAt = context.receivedAt
            return .seeOther(Self.address(authorization.seal(transaction, browser: browsers.browser(of: request).value)))
        }
    }
}
