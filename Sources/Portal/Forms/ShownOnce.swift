import Hummingbird
import Pages
import Primitives
import Web

/// A secret on its way to the one page that shows it, in the browser that asked for it and bound to the session; the page that shows it takes the cookie
/// away. A lost answer can be asked for again, a shown one cannot.
struct ShownOnce: Sendable {
    struct Content: Codable, Sendable {
        let session: SessionID
        /// The id of the app or token whose secret it is.
        let owner: String
        let secret: String
    }

    private let cookie: SealedCookie<Content>

    init(rootKey: RootKey, cookies: CookiePolicy) {
        cookie = SealedCookie("wkz_shown", purpose: "portal.shown_once", lifetime: .minutes(10), rootKey: rootKey, cookies: cookies)
    }

    func put(_ secret: Secret, of owner: String, for session: SessionID, at now: Timestamp, on response: inout Response) throws {
        try cookie.set(Content(session: session, owner: owner, secret: secret.value), at: now, on: &response)
    }

    /// The secret, when this browser and session wait for one of this owner.
    func take(of owner: String, for session: SessionID, from request: Request, at now: Timestamp) -> Secret? {
        guard let content = cookie.content(in: request, at: now), content.session == session, content.owner == owner else { return nil }
        return Secret(content.secret)
    }

    func forget(on response: inout Response) { cookie.remove(from: &response) }
}
