import HTTPTypes
import Hummingbird
import Identity
import Pages
import Primitives
import SecondFactorPages
import Web

/// `/staff/sign-in` and `/staff/sign-out`.
struct SignInPage: Encodable {
    let errors: ErrorSummary?
    let message: String?
    let csrf: String
    let username, password: Field
}

extension StaffRoutes {
    func addSignIn(to routes: Routes) {
        routes.get("/staff/sign-in") { request, context in
            guard try await session(of: request, context) == nil else { return Response.seeOther("/staff") }
            return signInPage(request, FormErrors(), message: request.query?["signed_out"] != nil ? "You are signed out." : nil)
        }
        routes.post("/staff/sign-in") { request, context in try await signInAnswer(request, context) }
        routes.post("/staff/sign-out") { request, context in
            try await form(request, context) { member, _ in
                try await sessions.end(member.session, at: context.receivedAt, requestID: context.requestID)
                var response = Response.seeOther("/staff/sign-in?signed_out=1")
                cookies.remove(Self.sessionCookie, from: &response)
                return response
            }
        }
    }

    private func signInAnswer(_ request: Request, _ context: AppContext) async throws -> Response {
        let form = try await csrf.fields(of: request, for: browsers.value(in: request) ?? "", context: context)
        let username = (form["username"] ?? "").trimmingWhitespace()
        let password = form["password"] ?? ""
        var errors = SignInForm.errors(username: username, password: password)
        guard errors.isEmpty else { return signInPage(request, username: username, errors, status: .unprocessableContent) }

        let outcome = try await signIn.attempt(
            name: username, password: password, population: .staff, from: context.clientAddress, requestID: context.requestID, at: context.receivedAt)
        switch outcome {
        case .signedIn(let first):
            let response = try await startSession(after: first, methods: Sessions.passwordAlone, request, context)
            return response ?? signInPage(request, username: username, SignInForm.refused, status: .unprocessableContent)
        case .secondStep(let first): return try factorPages.askForCode(after: first, leadingTo: "/staff", context)
        case .refused: return signInPage(request, username: username, SignInForm.refused, status: .unprocessableContent)
        case .delayed(let until):
            let wait = Wait(until: until, seenAt: context.receivedAt)
            errors.add(field: "username", "Too many attempts failed. Try again in \(wait.words).")
            var response = signInPage(request, username: username, errors, status: .tooManyRequests)
            response.headers[.retryAfter] = String(wait.seconds)
            return response
        }
    }

    /// The browser's old session ends, so that nobody who knew its cookie shares the new one.
    /// - Returns: `nil` when the password was changed since it was proved.
    func startSession(after first: FirstStep, methods: [String], _ request: Request, _ context: AppContext) async throws -> Response? {
        let started = try await sessions.start(
            after: first, methods: methods, replacing: cookies.value(Self.sessionCookie, in: request), from: context.clientAddress,
            requestID: context.requestID, at: context.receivedAt)
        guard let started else { return nil }
        var response = Response.seeOther("/staff")
        cookies.set(Self.sessionCookie, to: started.token.value, on: &response)
        return response
    }

    private func signInPage(
        _ request: Request, username: String = "", _ errors: FormErrors, message: String? = nil, status: HTTPResponse.Status = .ok
    ) -> Response {
        let browser = browsers.browser(of: request)
        let fields = SignInForm.fields(username: username, errors: errors)
        let model = SignInPage(
            errors: errors.summary, message: message, csrf: csrf.token(for: browser.value), username: fields.username,
            password: fields.password)
        let shell = Shell(audience: .staff, title: "Sign in", csrf: model.csrf, isSandbox: false, isError: !errors.isEmpty, width: .narrow)
        var response = pages.page("staff/sign-in", model, shell: shell, status: status)
        browsers.keep(browser, on: &response)
        return response
    }
}
