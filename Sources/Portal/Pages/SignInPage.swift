import Applications
internal import HTTPTypes
import Hummingbird
import Identity
import Pages
import Primitives
import SecondFactorPages
import Storage
import Web

/// `/portal/sign-in` and `/portal/sign-out`.
struct SignInPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/sign-in") { request, context in
            try await site.page(request, context) { (visitor: Visitor) in
                let query = request.query ?? Web.Parameters()
                let returnTo = query["return_to"].flatMap(SignInAddress.checked)
                guard visitor.session == nil else { return .seeOther(returnTo ?? "/portal") }
                return show(username: "", returnTo: returnTo, FormErrors(), visitor, message: Message(query))
            }
        }
        routes.post("/portal/sign-in") { request, context in
            try await site.form(request, context) { (visitor: Visitor, form: Web.Parameters) in try await signIn(form, request, visitor, context) }
        }
        routes.post("/portal/sign-out") { request, context in try await signOut(request, context) }
    }

    /// Asks for a session and nothing else: somebody who belongs to no organisation any more leaves too.
    private func signOut(_ request: Request, _ context: AppContext) async throws -> Response {
        guard let session = try await site.session(of: request, context) else { return .seeOther(SignInAddress.comingBack(to: nil)) }
        _ = try await site.csrf.fields(of: request, for: session.id.rawValue, context: context)
        try await site.sessions.end(session, at: context.receivedAt, requestID: context.requestID)
        var response = Response.seeOther("/portal/sign-in?signed_out=1")
        site.cookies.remove(Developer.cookie, from: &response)
        site.cookies.remove(Developer.organisationCookie, from: &response)
        return response
    }

    /// What happened before: named in the query, worded here.
    struct Message: Encodable {
        let title: String
        let text: String

        init?(_ query: Web.Parameters) {
            if query["confirmed"] != nil {
                (title, text) = ("Your email is confirmed", "Sign in to go on.")
            } else if query["reset"] != nil {
                (title, text) = ("Your password is changed", "Sign in with the new one. Everybody who was signed in to your account has been signed out.")
            } else if query["signed_out"] != nil {
                (title, text) = ("You are signed out", "Sign in again whenever you like.")
            } else {
                return nil
            }
        }
    }

    struct Model: Encodable {
        let errors: ErrorSummary?
        let message: Message?
        let leadsToRequest: Bool
        let username, password: Field
        let returnTo: String?
        let isDemo: Bool
    }

    private func show(username: String, returnTo: String?, _ errors: FormErrors, _ visitor: Visitor, message: Message? = nil, status: HTTPResponse.Status = .ok)
        -> Response
    {
        let fields = SignInForm.fields(username: username, errors: errors)
        let model = Model(
            errors: errors.summary, message: message, leadsToRequest: returnTo?.hasPrefix("/r/") ?? false, username: fields.username,
            password: fields.password, returnTo: returnTo, isDemo: site.isDemo)
        return site.pages.page("portal/sign-in", model, shell: visitor.shell("Sign in", isError: !errors.isEmpty), status: status)
    }

    private func signIn(_ form: Web.Parameters, _ request: Request, _ visitor: Visitor, _ context: AppContext) async throws -> Response {
        let username = (form["username"] ?? "").trimmingWhitespace()
        let password = form["password"] ?? ""
        let returnTo = form["return_to"].flatMap(SignInAddress.checked)
        var errors = SignInForm.errors(username: username, password: password)
        guard errors.isEmpty else { return show(username: username, returnTo: returnTo, errors, visitor, status: .unprocessableContent) }
        let outcome = try await site.signIn.attempt(
            name: username, password: password, population: .developer, from: context.clientAddress, requestID: context.requestID, at: context.receivedAt)
        switch outcome {
        case .signedIn(let first):
            let response = try await site.startSession(after: first, replacing: request, context, leadingTo: returnTo ?? "/portal")
            return response ?? show(username: username, returnTo: returnTo, SignInForm.refused, visitor, status: .unprocessableContent)
        case .secondStep(let first): return try site.factorPages.askForCode(after: first, leadingTo: returnTo ?? "/portal", context)
        case .refused: return show(username: username, returnTo: returnTo, SignInForm.refused, visitor, status: .unprocessableContent)
        case .delayed(let until):
            let wait = Wait(until: until, seenAt: context.receivedAt)
            errors.add(field: "username", "Too many attempts failed. Try again in \(wait.words).")
            var response = show(username: username, returnTo: returnTo, errors, visitor, status: .tooManyRequests)
            response.headers[.retryAfter] = String(wait.seconds)
            return response
        }
    }
}

extension PortalSite {
    /// Signs in whoever proved their password: the browser's old session ends, so that nobody who knew its cookie shares the new one.
    /// - Returns: `nil` when the password was changed since.
    func startSession(
        after first: FirstStep, methods: [String] = Sessions.passwordAlone, replacing request: Request, _ context: AppContext, leadingTo address: String
    ) async throws -> Response? {
        let started = try await sessions.start(
            after: first, methods: methods, replacing: cookies.value(Developer.cookie, in: request), from: context.clientAddress,
            requestID: context.requestID, at: context.receivedAt)
        guard let (session, token) = started else { return nil }
        return try await opened(for: session.person, token, context, leadingTo: address)
    }

    /// Signs in somebody whose account was just made or confirmed in this browser.
    func startSession(for person: Person, replacing request: Request, _ context: AppContext, leadingTo address: String) async throws -> Response {
        let (_, token) = try await sessions.start(
            for: person, replacing: cookies.value(Developer.cookie, in: request), from: context.clientAddress, requestID: context.requestID,
            at: context.receivedAt)
        return try await opened(for: person, token, context, leadingTo: address)
    }

    private func opened(for person: Person, _ token: Secret, _ context: AppContext, leadingTo address: String) async throws -> Response {
        try await seedWorlds(of: person, at: context.receivedAt)
        var response = Response.seeOther(address)
        cookies.set(Developer.cookie, to: token.value, on: &response)
        return response
    }

    /// The first sign-in makes the customers of an organisation: a sign-up that nobody comes back to makes none.
    private func seedWorlds(of person: Person, at now: Timestamp) async throws {
        let empty = try await database.read { [organisations, people] tx in
            try organisations.list(of: person.id, in: tx).map(\.world).filter { try people.list(population: .customer, world: $0, limit: 1, in: tx).isEmpty }
        }
        for world in Set(empty) { worlds.seed(world, isConfirmed: person.hasConfirmedEmail, at: now) }
    }
}
