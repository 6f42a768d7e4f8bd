public import Hummingbird
public import Primitives
public import Web

/// The token that a form carries so that another site cannot send it: a keyed hash of the session's id, or, before sign-in, of the browser's cookie.
public struct CSRF: Sendable {
    private let authenticator: MessageAuthenticator

    public init(rootKey: RootKey) { authenticator = MessageAuthenticator(rootKey, purpose: "csrf") }

    public func token(for key: String) -> String { authenticator.code(for: key) }

    public func accepts(_ token: String?, for key: String) -> Bool {
        guard let token, !key.isEmpty else { return false }
        return authenticator.isValid(token, for: key)
    }

    /// Reads the fields of a form that carries the token.
    /// - Parameters:
    ///   - key: what the token was made for; empty for a browser that was given none.
    ///   - lists: the names that may come several times.
    /// - Throws: `Problem.foreignForm` without the right token; what `Request.fields` throws.
    public func fields(of request: Request, for key: String, lists: Set<String> = [], context: AppContext) async throws -> Web.Parameters {
        let fields = try await request.fields(context: context, lists: lists)
        guard accepts(fields["csrf"], for: key) else { throw Problem.foreignForm }
        return fields
    }
}

extension Request {
    /// Reads the fields of a form. None of ours has a name twice, but for the boxes of one question.
    /// - Parameter lists: the names that may come several times.
    /// - Throws: `FormError`; 413 beyond 64 kB.
    public func fields(context: AppContext, lists: Set<String> = []) async throws -> Web.Parameters {
        let form = try await form(context: context)
        guard Web.Parameters(form.pairs.filter { !lists.contains($0.name) }).repeatedName == nil else { throw FormError.malformed }
        return form
    }
}
