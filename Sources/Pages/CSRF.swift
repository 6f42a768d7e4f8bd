package import Primitives

/// The token that a form carries so that another site cannot send it: a keyed hash of the session's id, or, before sign-in, of the browser's cookie.
package struct CSRF: Sendable {
    private let authenticator: MessageAuthenticator

    package init(master: MasterKey) { authenticator = MessageAuthenticator(master, purpose: "csrf") }

    package func token(for key: String) -> String { authenticator.code(for: key) }

    package func accepts(_ token: String?, for key: String) -> Bool {
        guard let token, !key.isEmpty else { return false }
        return authenticator.isValid(token, for: key)
    }
}
