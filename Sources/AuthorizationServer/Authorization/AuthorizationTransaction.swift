public import Identity
public import JOSE
public import OAuth
public import Primitives

/// One customer's way from an authorization request to their decision. It travels sealed in the pages' forms and addresses, never in a row.
public struct AuthorizationTransaction: Hashable, Sendable {
    public let id: AuthorizationID
    public let clientID: ClientID
    public let appID: AppID
    /// As the request named it; it has been checked.
    public let redirectURI: String
    public let responseMode: ResponseMode
    /// What the tokens will carry: the identity scopes asked for, and the API scopes asked for or following from the lodged consent.
    public private(set) var scope: ScopeSet
    public let state: String?
    public let nonce: String?
    public let codeChallenge: CodeChallenge?
    /// The DPoP key that the code is bound to (RFC 9449 §10).
    public let dpopKey: String?
    /// The consent that the app lodged; `nil` when it asks with plain scopes.
    public let consentID: ConsentID?
    public let prompts: Set<Prompt>
    /// Seconds.
    public let maxAge: Int?
    public let loginHint: String?
    /// Whom the app believes to be present (`id_token_hint`).
    public let hintedPerson: PersonID?
    /// The levels of authentication that the app asks for.
    public let authentication: AuthenticationRequest?
    public let createdAt: Timestamp
    public let expiresAt: Timestamp
    /// What a signed answer is signed with.
    public let answerAlgorithm: SignatureAlgorithm
    /// The session that was started on this way: it alone meets `prompt=login`, however quickly one request follows another.
    public var startedSession: SessionID?
    /// The password that was proved on this way, while a one-time code is due.
    public var firstStep: FirstStep?
    /// When the customer chose to go on without a one-time code, which the app only wished for.
    public var wentOnWithoutCodeAt: Timestamp?

    public static let lifetime = Duration.minutes(30)

    /// Where a form of its pages may lead besides our own origin (`form-action` of the pages' policy).
    public var formTarget: String { RedirectURI(registered: redirectURI).originOrScheme }

    /// Whether the customer has to see accounts and choose.
    public var asksForAccounts: Bool { consentID != nil || scope.contains(where: \.needsConsent) }

    /// The app may not show pages: an answer is due at once.
    public var isSilent: Bool { prompts.contains(.none) }

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

    /// The same for no more than the app is registered for.
    func narrowed(to registered: ScopeSet) -> AuthorizationTransaction {
        var transaction = self
        transaction.scope = scope.intersection(registered)
        return transaction
    }

    /// Whether it is the person whom the app expects.
    func isMeant(for session: Session) -> Bool { hintedPerson == nil || hintedPerson == session.person.id }
}
