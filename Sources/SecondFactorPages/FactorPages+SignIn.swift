internal import HTTPTypes
public import Hummingbird
public import Identity
internal import Pages
internal import Primitives
public import Web

/// The second page of a sign-in. Between the two pages there is no session: what was proved travels sealed in a cookie, for five minutes.
extension FactorPages {
    /// Leads from a right password to the page for the code.
    public func askForCode(after first: FirstStep, leadingTo address: String, _ context: AppContext) throws -> Response {
        var response = Response.seeOther(place.codePage)
        try pending.set(PendingSignIn(first: first, leadsTo: address), at: context.receivedAt, on: &response)
        return response
    }

    func addSignIn(to routes: Routes) {
        routes.get(place.codePage) { request, context in
            guard pending.content(in: request, at: context.receivedAt) != nil else { return Response.seeOther(place.signIn) }
            return codePage(request, isRecovery: request.query?["recovery"] != nil)
        }
        routes.post(place.codePage) { request, context in try await enterCode(request, context) }
    }

    private func enterCode(_ request: Request, _ context: AppContext) async throws -> Response {
        let form = try await tools.csrf.fields(of: request, for: tools.browsers.value(in: request) ?? "", context: context)
        guard let waiting = pending.content(in: request, at: context.receivedAt) else { return over(request) }
        let (typed, isRecovery) = (form["code"] ?? "", form["recovery"] != nil)
        guard !typed.trimmingWhitespace().isEmpty else {
            return codePage(request, isRecovery: isRecovery, error: CodePage.missing(isRecovery: isRecovery), status: .unprocessableContent)
        }
        let outcome = try await tools.secondStep.complete(
            waiting.first, with: typed, population: place.population, from: context.clientAddress, requestID: context.requestID, at: context.receivedAt)
        switch outcome {
        case .signedIn(let person, let spent):
            if spent == .recoveryCode { tell(person, .recoveryCodeUsed, context) }
            guard var response = try await place.open(waiting.first, waiting.leadsTo, request, context) else { return over(request) }
            pending.remove(from: &response)
            return response
        case .over: return over(request)
        case .refused:
            return codePage(request, isRecovery: isRecovery, error: CodePage.refusal(isRecovery: isRecovery), status: .unprocessableContent)
        case .delayed(let until):
            let wait = Wait(until: until, seenAt: context.receivedAt)
            return Self.delayed(codePage(request, isRecovery: isRecovery, wait: wait, status: .tooManyRequests), wait)
        }
    }

    private func codePage(
        _ request: Request, isRecovery: Bool, error: String? = nil, wait: Wait? = nil, status: HTTPResponse.Status = .ok
    ) -> Response {
        let browser = tools.browsers.browser(of: request)
        let token = tools.csrf.token(for: browser.value)
        var errors = FormErrors()
        if let error { errors.add(field: "code", error) }
        let page = CodePage(
            address: place.codePage, action: place.codePage, restart: place.signIn, isRecovery: isRecovery, csrf: token, errors: errors, wait: wait,
            isDemo: tools.pages.isDemo)
        var response = tools.pages.page(
            "second-factor/code", page, shell: place.visitorShell(CodePage.title, token, error != nil || wait != nil), status: status)
        tools.browsers.keep(browser, on: &response)
        return response
    }

    private func over(_ request: Request) -> Response {
        let notice = Notice(
            "Sign in again", "You have five minutes for the code after your password, and they are over, or your password was changed meanwhile.",
            actions: [.init("Sign in", place.signIn)])
        var response = tools.pages.notice(
            notice, shell: place.visitorShell(notice.heading, tools.csrf.token(for: tools.browsers.value(in: request) ?? ""), false), status: .gone)
        pending.remove(from: &response)
        return response
    }
}
