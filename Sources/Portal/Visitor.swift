import Hummingbird
import Identity
import Pages
import Primitives
import Web

/// Somebody whose session we do not ask for: the browser's own cookie binds their forms.
struct Visitor: Sendable {
    /// The developer, when they are signed in all the same.
    let session: Session?
    let csrf: String

    /// The shell of a page for visitors.
    func shell(_ title: String, width: PageWidth = .narrow, isError: Bool = false) -> Shell {
        Shell(audience: .developer, title: title, csrf: csrf, isError: isError, width: width, leadsToPortal: session != nil)
    }
}

extension PortalSite {
    func session(of request: Request, _ context: AppContext) async throws -> Session? {
        guard let token = cookies.value(Developer.cookie, in: request) else { return nil }
        return try await sessions.find(token: token, population: .developer, at: context.receivedAt)
    }

    /// Answers a page for anybody.
    func page(_ request: Request, _ context: AppContext, _ answer: (Visitor) async throws -> Response) async throws -> Response {
        let browser = browsers.browser(of: request)
        var response = try await answer(Visitor(session: try await session(of: request, context), csrf: csrf.token(for: browser.value)))
        browsers.keep(browser, on: &response)
        return response
    }

    /// Answers a form of somebody who need not be signed in.
    func form(_ request: Request, _ context: AppContext, _ answer: (Visitor, Web.Parameters) async throws -> Response) async throws -> Response {
        let browser = browsers.value(in: request) ?? ""
        let form = try await csrf.fields(of: request, for: browser, context: context)
        return try await answer(Visitor(session: try await session(of: request, context), csrf: csrf.token(for: browser)), form)
    }
}
