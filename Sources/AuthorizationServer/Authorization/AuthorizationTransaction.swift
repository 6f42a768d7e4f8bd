package import Identity
package import JOSE
package import OAuth
package import Primitives

/// One customer's way from an authorization request to their decision. It travels sealed in the pages' forms and addresses, never in a row.
package struct AuthorizationTransaction: Hashable, Sendable {
    package let id: AuthorizationID
    package let clientID: ClientID
    package let appID: AppID
    /// As the request named it; it has been checked.
    package let redirectURI: String
    package let responseMode: ResponseMode
    /// What the tokens will carry: the identity scopes asked for, and the API scopes asked for or following from the lodged consent.
    package let scope: ScopeSet
    package let state: String?
    package let nonce: String?
    package let codeChallenge: CodeChallenge?
    /// The DPoP key that the code is bound to (RFC 9449 §10).
    package let dpopKey: String?
    /// The consent that the app lodged; `nil` when it asks with plain scopes.
    package let consentID: ConsentID?
    package let prompts: Set<Prompt>
    /// Seconds.
    package let maxAge: Int?
    package let loginHint: String?
    /// Whom the app believes to be present (`id_token_hint`).
    package let hintedPerson: PersonID?
    /// The levels of authentication that the app asks for.
    package let authentication: AuthenticationRequest?
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    /// What a signed answer is signed with.
    package let answerAlgorithm: SignatureAlgorithm
    /// The session that was started on this way: it alone meets `prompt=login`, however quickly one request follows another.
    package var startedSession: SessionID?
    /// The password that was proved on this way, while a one-time code is due.
    package var firstStep: FirstStep?
    /// When the customer chose to go on without a one-time code, which the app only wished for.
    package var wentOnWithoutCodeAt: Timestamp?

    package static let lifetime = Duration.minutes(30)

    /// Where a form of its pages may lead besides our own origin (`form-action` of the pages' policy).
    package var formTarget: String { RedirectURI(registered: redirectURI).originOrScheme }

    /// Whether the customer has to see accounts and choose.
    package var asksForAccounts: Bool { consentID != nil || scope.contains(where: \.needsConsent) }

    /// The app may not show pages: an answer is due at once.
    package var isSilent: Bool { prompts.contains(.none) }

    func isExpired(at now: Timestamp) -> Bool { now >= expiresAt }

    /// Whether the customer proved who they are recently enough (OpenID Connect Core §3.1.2.1).
    func accepts(_ session: Session, at now: Timestamp) -> Bool {
        if session.id == startedSession { return true }
        if prompts.contains(.login) || prompts.contains(.selectAccount) || maxAge == 0 { return false }
        guard let maxAge else { return true }
        let age = now.seconds - session.authenticatedAt.seconds
        return age <= Int64(maxAge)
    }

    /// Whether a one-time code is to be asked for, or offered.
    func asksForMore(than session: Session) -> Bool {
        wentOnWithoutCodeAt == nil && authentication?.asksForMore(than: session.level) == true
    }

    /// Whether the session is as sure of the customer as the app requires.
    func isMet(by session: Session) -> Bool { authentication?.isMet(by: session.level) ?? true }

    /// Whether it is the person whom the app expects.
    func isMeant(for session: Session) -> Bool { hintedPerson == nil || hintedPerson == session.person.id }
}
