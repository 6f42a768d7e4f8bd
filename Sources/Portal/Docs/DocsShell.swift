import Hummingbird
import Identity
import Pages
import Primitives
import Web

/// What the pages of the documentation share: links to each other.
struct DocsNavigation: Encodable, Sendable {
    struct Entry: Encodable, Sendable {
        let label, address: String
        let isCurrent: Bool
    }

    let entries: [Entry]

    init(current: String) {
        entries = [
            ("quick-start", "Quick start", "/docs"), ("consents", "Accounts and consents", "/docs/accounts-and-consents"),
            ("payments", "Payments", "/docs/payments"),
            ("sandbox", "Sandbox", "/docs/sandbox"),
            ("reference", "Reference", "/docs/reference"), ("errors", "Errors", "/docs/errors"),
        ].map { key, label, address in Entry(label: label, address: address, isCurrent: key == current) }
    }
}

extension PortalSite {
    /// Answers a page of the documentation, which anybody may read.
    func docs(_ request: Request, _ context: AppContext, _ template: String, title: String, status: Int = 200, _ model: () -> any Encodable) async throws
        -> Response
    {
        let session = try await session(of: request, context)
        var shell = Shell(audience: .developer, title: title, width: .single)
        if let session {
            shell.signedInAs = session.person.givenName
            shell.csrf = csrf.token(for: session.id.rawValue)
        }
        return pages.page(template, model(), shell: shell, status: .init(code: status))
    }
}
