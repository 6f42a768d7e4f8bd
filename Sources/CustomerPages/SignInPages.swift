internal import Applications
internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Pages
internal import Primitives
internal import SecondFactorPages
internal import Storage
internal import Web

/// The sign-in form, at `/my` and on the way from an app.
struct SignInPage: Encodable {
    struct Asker: Encodable {
        let name, initials: String
    }

    let heading, lead: String
    let action: String
    /// Where the browser goes afterwards, at `/my`.
    let next: String?
    let csrf: String?
    /// The sealed transaction, on the way from an app.
    let transaction: String?
    let asker: Asker?
    let errors: ErrorSummary?
    let delay: String?
    let message: String?
    let username, password: Field
    let sandboxHint: Bool

    /// `Try again at 09:14`, and why.
    static func delayWords(until: Timestamp, now: Timestamp) -> String {
        "Too many attempts failed, so we pause for a while. Try again in \(Wait(until: until, seenAt: now).words). Nothing is locked, and nobody can lock you out for good."
    }
}

extension CustomerRoutes {
    func addSignIn(to routes: Routes) {
        routes.get("/my/sign-in") { request, context in try await signInForm(request, context) }
        routes.post("/my/sign-in") { request, context in try await signInAnswer(request, context) }
        routes.post("/my/sign-out") { request, context in try await signOut(request, context) }
    }

    private func signInForm(_ request: Request, _ context: AppContext) async throws -> Response {
        let next = safeNext(request.query?["next"])
        if try await session(of: request, context) != nil { return .seeOther(next) }
        let message = request.query?["signed-out"] != nil ? "You have signed out." : nil
        return signInPage(request, username: "", next: next, errors: FormErrors(), message: message)
    }

    private func signInAnswer(_ request: Request, _ context: AppContext) async throws -> Response {
        let form = try await request.fields(context: context)
        let next = safeNext(form["next"])
        guard let browser = browsers.value(in: request), csrf.accepts(form["csrf"], for: browser) else {
            var errors = FormErrors()
            errors.add(field: "username", "Your browser did not send our cookie. Allow cookies for this site, then sign in again.")
            return signInPage(request, username: form["username"] ?? "", next: next, errors: errors, status: .forbidden)
        }
        let username = form["username"] ?? ""
        let errors = SignInForm.errors(username: username, password: form["password"] ?? "")
        guard errors.isEmpty else { return signInPage(request, username: username, next: next, errors: errors, status: .unprocessableContent) }
        let (name, world) = try await place(username)
        let outcome = try await signIn.attempt(
            name: name, password: form["password"] ?? "", population: .customer, world: world, from: context.clientAddress,
            requestID: context.requestID, at: context.receivedAt)
        switch outcome {
        case .signedIn(let first):
            var response = Response.seeOther(next)
            guard try await start(after: first, request: request, context: context, on: &response) != nil else {
                return signInPage(request, username: username, next: next, errors: SignInForm.refused, status: .unprocessableContent)
            }
            return response
        case .secondStep(let first): return try factorPages.askForCode(after: first, leadingTo: next, context)
        case .refused: return signInPage(request, username: username, next: next, errors: SignInForm.refused, status: .unprocessableContent)
        case .delayed(let until):
            let delay = SignInPage.delayWords(until: until, now: context.receivedAt)
            return delayed(signInPage(request, username: username, next: next, errors: errors, delay: delay, status: .tooManyRequests), until: until, context)
        }
    }

    func delayed(_ response: Response, until: Timestamp, _ context: AppContext) -> Response {
        var response = response
        response.headers[.retryAfter] = String(Wait(until: until, seenAt: context.receivedAt).seconds)
        return response
    }

    private func signInPage(
        _ request: Request, username: String, next: String, errors: FormErrors, delay: String? = nil, message: String? = nil, status: HTTPResponse.Status = .ok
    ) -> Response {
        let browser = browsers.browser(of: request)
        let fields = SignInForm.fields(username: username, errors: errors)
        let page = SignInPage(
            heading: "Sign in to Wekeza", lead: "See who can look at your accounts, and stop it.", action: "/my/sign-in", next: next,
            csrf: csrf.token(for: browser.value), transaction: nil, asker: nil, errors: errors.summary, delay: delay, message: message,
            username: fields.username, password: fields.password, sandboxHint: pages.isDemo)
        var response = pages.page(
            "customer/sign-in", page, shell: shell("Sign in", for: nil, width: .narrow, isError: !errors.isEmpty || delay != nil), status: status)
        browsers.keep(browser, on: &response)
        return response
    }

    private func signOut(_ request: Request, _ context: AppContext) async throws -> Response {
        guard let session = try await session(of: request, context) else { return .seeOther("/my/sign-in?signed-out") }
        _ = try await csrf.fields(of: request, for: session.id.rawValue, context: context)
        try await sessions.end(session, at: context.receivedAt, requestID: context.requestID)
        var response = Response.seeOther("/my/sign-in?signed-out")
        cookies.remove(Self.sessionCookie, from: &response)
        return response
    }

    /// `amina.traveler@acme-budget` is Amina of that organisation's world, by its handle or its id; a bare name means the demo organisation's.
    func place(_ username: String) async throws -> (name: String, world: OrganisationID?) {
        let username = username.trimmingWhitespace()
        return try await database.read { tx in
            let organisations = Organisations()
            if let at = username.lastIndex(of: "@") {
                let place = String(username[username.index(after: at)...])
                let organisation = try OrganisationID(place).map { try organisations.find($0, in: tx) } ?? organisations.find(handle: place, in: tx)
                if let organisation { return (String(username[..<at]), organisation.world) }
            }
            return (username, try organisations.demo(in: tx)?.world)
        }
    }

    /// Only our own pages follow a sign-in.
    private func safeNext(_ text: String?) -> String {
        guard let text, text.utf8.count <= 500, text == "/my" || text.hasPrefix("/my/") || text.hasPrefix("/my?"), !text.hasPrefix("/my/sign-"),
            text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 92 })
        else { return "/my" }
        return text
    }
}
