internal import HTTPTypes
import Hummingbird
import Identity
import Pages
import Primitives
import Web

/// Somebody whose session we do not ask for: the browser's own cookie binds their forms.
struct Visitor: Sendable {
    static let cookie = "wkz_browser"

    /// The cookie's value: what the form token is made for.
    let browser: String
    let isNew: Bool
    /// The developer, when they are signed in all the same.
    let session: Session?
    let csrf: String

    /// The shell of a page for visitors.
    func shell(_ title: String, width: PageWidth = .narrow, isError: Bool = false) -> Shell {
        Shell(audience: .developer, title: title, csrf: csrf, isError: isError, width: width)
    }
}

extension PortalSite {
    func visitor(_ request: Request, _ context: AppContext) async throws -> Visitor {
        let known = cookies.value(Visitor.cookie, in: request).flatMap { (20...200).contains($0.utf8.count) ? $0 : nil }
        let browser = known ?? randomness.token()
        return Visitor(browser: browser, isNew: known == nil, session: try await session(of: request, context), csrf: csrf.token(for: browser))
    }

    func session(of request: Request, _ context: AppContext) async throws -> Session? {
        guard let token = cookies.value(Developer.cookie, in: request) else { return nil }
        return try await sessions.find(token: token, population: .developer, at: context.receivedAt)
    }

    /// Answers a page for anybody.
    func page(_ request: Request, _ context: AppContext, _ answer: (Visitor) async throws -> Response) async throws -> Response {
        let visitor = try await visitor(request, context)
        var response = try await answer(visitor)
        if visitor.isNew { cookies.set(Visitor.cookie, to: visitor.browser, on: &response) }
        return response
    }

    /// Answers a form of somebody who need not be signed in.
    func form(_ request: Request, _ context: AppContext, _ answer: (Visitor, Web.Parameters) async throws -> Response) async throws -> Response {
        let gate = FormGuard(csrf: csrf)
        do {
            try gate.admitOrigin(of: request, context: context)
            let visitor = try await visitor(request, context)
            let form = try await gate.read(request, key: visitor.isNew ? "" : visitor.browser)
            return try await answer(visitor, form)
        } catch let refusal as FormRefusal {
            return notice(for: refusal, context: context)
        }
    }

    func notice(for refusal: FormRefusal, context: AppContext) -> Response {
        let (status, heading, lead): (HTTPResponse.Status, String, String) =
            switch refusal {
            case .foreign:
                (
                    .forbidden, "We did not accept the form",
                    "It did not come from the page we gave you, or that page was too old. Go back, load the page again and send the form once more."
                )
            case .unsupportedMediaType: (.unsupportedMediaType, "We could not read the form", "Go back, load the page again and send the form once more.")
            case .malformed: (.badRequest, "We could not read the form", "Go back, load the page again and send the form once more.")
            case .tooLarge: (.contentTooLarge, "That was too much text", "Go back, shorten what you wrote and send the form once more.")
            }
        return pages.notice(Notice(heading, lead, actions: [.init("Go to the portal", "/portal")], reference: context.requestID.rawValue), shell: Shell(audience: .visitor, title: heading), status: status)
    }
}
