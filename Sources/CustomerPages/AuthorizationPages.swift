internal import Applications
internal import AuthorizationServer
internal import Bank
internal import Consents
internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Logging
internal import OAuth
internal import OpenBanking
internal import Pages
internal import Payments
internal import Primitives
internal import SecondFactorPages
internal import Storage
internal import Web

/// The HTTP side of the authorization endpoint (RFC 6749 §3.1): the request comes in, the customer signs in and decides, the answer goes back.
/// What is under way travels sealed in our own addresses and forms, bound to a cookie of this browser; the server keeps nothing until there is a decision.
extension CustomerRoutes {
    func addAuthorization(to routes: Routes) {
        routes.get("/oauth2/authorize") { request, context in try await beginAuthorization(request, context) }
        routes.post("/oauth2/authorize") { request, context in try await repeatAsQuery(request, context) }
        routes.get("/oauth2/authorize/continue") { request, context in try await continueAuthorization(request, context) }
        routes.post("/oauth2/authorize/sign-in") { request, context in try await signInToDecide(request, context) }
        routes.post("/oauth2/authorize/code") { request, context in try await enterCode(request, context) }
        routes.get("/oauth2/authorize/without-code") { request, context in try await goOnWithoutCode(request, context) }
        routes.get("/oauth2/authorize/switch") { request, context in try await switchPerson(request, context) }
        routes.get("/oauth2/authorize/leave") { request, context in try await leave(request, context) }
        routes.get("/oauth2/authorize/payees") { request, context in try await payeesToApprove(request, context) }
        routes.post("/oauth2/authorize/decision") { request, context in try await decide(request, context) }
    }

    // MARK: The request

    private func beginAuthorization(_ request: Request, _ context: AppContext) async throws -> Response {
        switch try await authorization.begin(request.query, at: context.receivedAt, requestID: context.requestID) {
        case .page(let error): return explain(error, context)
        case .answer(let answer): return try await carry(answer, context)
        case .interact(let transaction) where transaction.isSilent:
            return try await show(transaction, sealed: "", session: try await session(of: request, context), context)
        case .interact(let transaction):
            let browser = browsers.browser(of: request)
            var response = Response.seeOther(Self.address(authorization.seal(transaction, browser: browser.value)))
            browsers.keep(browser, on: &response)
            return response
        }
    }

    /// OpenID Connect Core §3.1.2.1 lets a request come by POST. It is led through GET, because a form of another site carries none of our cookies.
    private func repeatAsQuery(_ request: Request, _ context: AppContext) async throws -> Response {
        guard let form = try? await request.form(context: context), form.urlEncoded.utf8.count <= 32_768 else {
            return explain(AuthorizationPageError(.malformedRequest), context)
        }
        return .seeOther("/oauth2/authorize?\(form.urlEncoded)")
    }

    private func explain(_ error: AuthorizationPageError, _ context: AppContext) -> Response {
        context.logger.info("authorization request refused", metadata: ["kind": "\(error.kind)", "request_id": "\(context.requestID)"])
        return pages.notice(
            Notice(
                error.title, error.explanation, paragraphs: ["For the app’s developer: \(error.developerHint)"],
                actions: error.explainedAt.map { [Notice.Action("Details for the app’s developer", $0, isPrimary: false)] } ?? [],
                reference: context.requestID.rawValue),
            shell: shell("", for: nil), status: .badRequest)
    }

    // MARK: The way to the decision

    private func continueAuthorization(_ request: Request, _ context: AppContext) async throws -> Response {
        try await opened(request.query?["transaction"], request, context) { transaction, sealed in
            let session = try await session(of: request, context)
            return try await show(transaction, sealed: sealed, session: session, usesRecovery: request.query?["recovery"] != nil, context)
        }
    }

    /// "Not you?": the sign-in form, though somebody is signed in. Whoever signs in there replaces them.
    private func switchPerson(_ request: Request, _ context: AppContext) async throws -> Response {
        try await opened(request.query?["transaction"], request, context) { transaction, sealed in
            try await signInPage(transaction, sealed: sealed, username: "", errors: FormErrors())
        }
    }

    /// Back to the app without signing in: `access_denied`. A lodged consent goes on waiting.
    private func leave(_ request: Request, _ context: AppContext) async throws -> Response {
        try await opened(request.query?["transaction"], request, context, expiredToo: true) { transaction, _ in
            switch try await authorization.reject(transaction, by: nil, at: context.receivedAt, requestID: context.requestID) {
            case .answer(let answer): try await carry(answer, context)
            case .page(let error): explain(error, context)
            case .alreadyAnswered, .refusedChoice: alreadyAnswered(try await apps.find(transaction.appID)?.name)
            }
        }
    }

    private func signInToDecide(_ request: Request, _ context: AppContext) async throws -> Response {
        let form = try await request.fields(context: context)
        return try await opened(form["transaction"], request, context) { transaction, sealed in
            let (username, password) = (form["username"] ?? "", form["password"] ?? "")
            let errors = SignInForm.errors(username: username, password: password)
            guard errors.isEmpty else {
                return try await signInPage(transaction, sealed: sealed, username: username, errors: errors, status: .unprocessableContent)
            }
            guard let app = try await apps.find(transaction.appID) else { return .seeOther(Self.address(sealed)) }
            let placed = try await place(username)
            let outcome = try await signIn.attempt(
                name: placed.world == app.world ? placed.name : username, password: password, population: .customer, world: app.world,
                from: context.clientAddress, requestID: context.requestID, at: context.receivedAt)
            switch outcome {
            case .signedIn(let first):
                var response = Response.seeOther("")
                guard let session = try await start(after: first, request: request, context: context, on: &response) else {
                    return try await signInPage(transaction, sealed: sealed, username: username, errors: SignInForm.refused, status: .unprocessableContent)
                }
                var transaction = transaction
                transaction.firstStep = nil
                transaction.startedSession = session.id
                // The transaction opened, so the browser brought its cookie.
                response.headers[.location] = Self.address(authorization.seal(transaction, browser: browsers.browser(of: request).value))
                return allowing(transaction, on: response)
            case .secondStep(let first):
                var transaction = transaction
                transaction.firstStep = first
                return allowing(transaction, on: .seeOther(Self.address(authorization.seal(transaction, browser: browsers.browser(of: request).value))))
            case .refused:
                return try await signInPage(transaction, sealed: sealed, username: username, errors: SignInForm.refused, status: .unprocessableContent)
            case .delayed(let until):
                let delay = SignInPage.delayWords(until: until, now: context.receivedAt)
                let page = try await signInPage(transaction, sealed: sealed, username: username, errors: errors, delay: delay, status: .tooManyRequests)
                return delayed(page, until: until, context)
            }
        }
    }

    // MARK: The decision

    private func decide(_ request: Request, _ context: AppContext) async throws -> Response {
        let form = try await request.fields(context: context, lists: ["accounts"])
        return try await opened(form["transaction"], request, context) { transaction, sealed in
            let session = try await session(of: request, context)
            let step = try await authorization.step(transaction, session: session, isDeciding: true, at: context.receivedAt)
            // The session may have ended while the page was open; the question is then put again after a sign-in.
            guard case .consent(let question) = step, let session else { return try await show(step, transaction, sealed: sealed, session: session, context) }
            let chosen = form.all("accounts").compactMap { AccountID($0) }
            switch form["decision"] {
            case "approve":
                let decision = try await authorization.approve(
                    transaction, by: session, accounts: chosen, among: question.accounts, at: context.receivedAt, requestID: context.requestID)
                return try await answer(decision, question, sealed: sealed, chosen: chosen, context)
            case "reject":
                let decision = try await authorization.reject(transaction, by: session, at: context.receivedAt, requestID: context.requestID)
                return try await answer(decision, question, sealed: sealed, chosen: chosen, context)
            default:
                return try await answer(.refusedChoice("Choose Approve or Reject."), question, sealed: sealed, chosen: chosen, context)
            }
        }
    }

    private func answer(
        _ decision: AuthorizationEndpoint.Decision, _ question: ConsentQuestion, sealed: String, chosen: [AccountID], _ context: AppContext
    ) async throws -> Response {
        switch decision {
        case .answer(let answer): return try await carry(answer, context)
        case .page(let error): return explain(error, context)
        case .alreadyAnswered: return alreadyAnswered(question.app.name)
        case .refusedChoice(let sentence):
            var errors = FormErrors()
            errors.add(field: question.asksForAccounts ? "accounts" : "main", sentence)
            return try await consentPage(question, sealed: sealed, chosen: Set(chosen), errors: errors, context)
        }
    }

    // MARK: Steps as pages

    private func show(
        _ transaction: AuthorizationTransaction, sealed: String, session: Session?, usesRecovery: Bool = false, _ context: AppContext
    ) async throws -> Response {
        let step = try await authorization.step(transaction, session: session, at: context.receivedAt)
        return try await show(step, transaction, sealed: sealed, session: session, usesRecovery: usesRecovery, context)
    }

    func show(
        _ step: AuthorizationEndpoint.Step, _ transaction: AuthorizationTransaction, sealed: String, session: Session?, usesRecovery: Bool = false,
        _ context: AppContext
    ) async throws -> Response {
        switch step {
        case .code, .stepUp: return try await codePage(transaction, sealed: sealed, isRecovery: usesRecovery)
        case .secondFactor(let isEssential): return try await secondFactorPage(transaction, sealed: sealed, isEssential: isEssential, session: session)
        case .answer(let answer): return try await carry(answer, context)
        case .page(let error): return explain(error, context)
        case .alreadyAnswered: return alreadyAnswered(try await apps.find(transaction.appID)?.name)
        case .consent(let question): return try await consentPage(question, sealed: sealed, chosen: [], errors: FormErrors(), context)
        case .signIn:
            let isAnother = session.map { transaction.hintedPerson != nil && transaction.hintedPerson != $0.person.id } ?? false
            let message =
                isAnother ? "The app expects a customer other than \(session?.person.givenName ?? "you"). Sign in as that person, or go back to the app." : nil
            return try await signInPage(transaction, sealed: sealed, username: transaction.loginHint ?? "", errors: FormErrors(), message: message)
        }
    }

    private func signInPage(
        _ transaction: AuthorizationTransaction, sealed: String, username: String, errors: FormErrors, delay: String? = nil, message: String? = nil,
        status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let app = try await apps.find(transaction.appID)
        let name = app?.name ?? "The app"
        let fields = SignInForm.fields(username: username, errors: errors)
        let page = SignInPage(
            heading: "Sign in to Wekeza", lead: "\(name) never sees your password. You decide what it gets on the next page.",
            action: "/oauth2/authorize/sign-in", next: nil, csrf: nil, transaction: sealed, asker: .init(name: name, initials: initials(of: name)),
            errors: errors.summary, delay: delay, message: message, username: fields.username, password: fields.password, sandboxHint: false)
        let shell = shell("Sign in", for: nil, width: .narrow, isError: !errors.isEmpty || delay != nil)
        return allowing(transaction, on: pages.page("customer/sign-in", page, shell: shell, status: status))
    }

    private func consentPage(
        _ question: ConsentQuestion, sealed: String, chosen: Set<AccountID>, errors: FormErrors, _ context: AppContext
    ) async throws -> Response {
        let page = ConsentPage(
            question, sealed: sealed, payees: try await payees(of: question, sealed: sealed), chosen: chosen, errors: errors,
            isLocal: !context.issuer.isSecure, now: context.receivedAt)
        var shell = shell(page.heading, for: nil, width: .narrow, isError: !errors.isEmpty)
        shell.signedInAs = question.person.givenName
        let response = pages.page("customer/consent", page, shell: shell, status: errors.isEmpty ? .ok : .unprocessableContent)
        return allowing(question.transaction, on: response)
    }

    /// Whom a file pays, as far as the page has room for them.
    private func payees(of question: ConsentQuestion, sealed: String) async throws -> PayeesPreview? {
        guard case .bulk(let order)? = question.payment?.order else { return nil }
        return try await database.read { tx in
            let records = BulkPaymentRecords()
            guard let bulk = try records.find(order.id, in: tx) else { return nil }
            return PayeesPreview(bulk, try records.lines(of: bulk, limit: PayeesPreview.size, in: tx), sealed: sealed)
        }
    }

    /// Chromium holds `form-action` against the redirect after a form too, so these pages alone allow the address that the answer goes to.
    func allowing(_ transaction: AuthorizationTransaction, on response: Response) -> Response { allowing(transaction.formTarget, on: response) }

    func allowing(_ formTarget: String, on response: Response) -> Response {
        var response = response
        // A policy cannot name an IPv6 address, only its scheme.
        let target = formTarget.contains("[") ? String(formTarget.prefix { $0 != "/" }) : formTarget
        response.headers[Self.policy] = SecurityHeaders.contentSecurityPolicy(formTargets: [target])
        return response
    }

    // HTTPTypes and Web both name this field.
    private static let policy = HTTPField.Name("Content-Security-Policy")!  // a constant that parses

    static func address(_ sealed: String) -> String { "/oauth2/authorize/continue?transaction=\(sealed)" }
}
