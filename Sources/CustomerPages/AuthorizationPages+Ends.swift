internal import Applications
internal import AuthorizationServer
internal import HTTPTypes
internal import Hummingbird
internal import OAuth
internal import Pages
internal import Primitives
internal import Web

/// How the way through the authorization endpoint ends, and what a page says that cannot go on.
extension CustomerRoutes {
    /// The answer goes back to the app by this browser.
    func carry(_ answer: AuthorizationAnswer, _ context: AppContext) async throws -> Response {
        switch try await authorization.deliver(answer, at: context.receivedAt) {
        case .redirect(let location): return .seeOther(location)
        case .form(let action, let fields):
            let page = FormPostPage(action: action, fields: fields.map { .init(name: $0.name, value: $0.value) })
            return allowing(
                RedirectURI(registered: action).originOrScheme, on: pages.page("customer/form-post", page, shell: shell(page.heading, for: nil, width: .narrow))
            )
        }
    }

    /// Opens what a page carried; every way in which it can have gone wrong ends in a page that says what to do.
    func opened(
        _ sealed: String?, _ request: Request, _ context: AppContext, expiredToo: Bool = false,
        _ body: (AuthorizationTransaction, String) async throws -> Response
    ) async throws -> Response {
        let sealed = sealed ?? ""
        switch authorization.open(sealed, browser: browsers.value(in: request), at: context.receivedAt) {
        case .valid(let transaction): return try await body(transaction, sealed)
        case .expired(let transaction) where expiredToo: return try await body(transaction, sealed)
        case .expired(let transaction):
            let name = try await apps.find(transaction.appID)?.name ?? "the app"
            return end(
                "This page has expired", "You have half an hour to decide. That time is over, and nothing was shared. Go back to \(name) and start again.",
                actions: [.init("Go back to \(name)", "/oauth2/authorize/leave?transaction=\(sealed)")], context, status: .gone)
        case .otherBrowser(let transaction):
            let name = try await apps.find(transaction.appID)?.name ?? "the app"
            return end(
                "We do not recognise this browser",
                "The request began in another browser, or this one did not keep our cookie. Nothing was shared. Allow cookies for this site, go back to \(name) and start again there.",
                context, status: .badRequest)
        case .unreadable:
            return end(
                "This link is not complete", "Part of the address is missing. Nothing was shared. Go back to the app that sent you here and start again.",
                context, status: .badRequest)
        }
    }

    private func end(_ heading: String, _ lead: String, actions: [Notice.Action] = [], _ context: AppContext, status: HTTPResponse.Status) -> Response {
        pages.notice(Notice(heading, lead, actions: actions, reference: context.requestID.rawValue), shell: shell("", for: nil), status: status)
    }

    func alreadyAnswered(_ app: String?) -> Response {
        let name = app ?? "The app"
        return pages.notice(
            Notice(
                "You have already answered", "\(name) got your first answer, and only that one counts. To answer again, go back to \(name) and start again.",
                actions: [.init("See your connections", "/my")]),
            shell: shell("", for: nil), status: .conflict)
    }
}
