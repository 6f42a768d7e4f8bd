internal import Foundation
import Hummingbird
import Primitives
import Web

/// A secret on its way to the one page that shows it. It travels sealed in a cookie of the browser that asked for it, bound to the session; the page that
/// shows it takes the cookie away. A lost answer can be asked for again, a shown one cannot.
struct ShownOnce: Sendable {
    struct Content: Codable, Sendable {
        let session: SessionID
        let app: AppID
        let secret: String
        let expiresAt: Timestamp
    }

    static let cookie = "wkz_shown"
    static let lifetime = Duration.minutes(10)

    let sealer: Sealer
    let cookies: CookiePolicy

    init(master: MasterKey, cookies: CookiePolicy) {
        sealer = Sealer(master, purpose: "portal.shown_once")
        self.cookies = cookies
    }

    func put(_ secret: Secret, of app: AppID, for session: SessionID, at now: Timestamp, on response: inout Response) throws {
        let content = Content(session: session, app: app, secret: secret.value, expiresAt: now + Self.lifetime)
        let sealed = sealer.seal(Array(try JSONEncoder().encode(content)))
        cookies.set(Self.cookie, to: sealed, maxAge: Int(Self.lifetime.milliseconds / 1000), on: &response)
    }

    /// The secret, when this browser and session wait for one of this app.
    func take(of app: AppID, for session: SessionID, from request: Request, at now: Timestamp) -> Secret? {
        guard let sealed = cookies.value(Self.cookie, in: request), let bytes = sealer.open(sealed),
            let content = try? JSONDecoder().decode(Content.self, from: Data(bytes)),
            content.session == session, content.app == app, content.expiresAt > now
        else { return nil }
        return Secret(content.secret)
    }

    func forget(on response: inout Response) { cookies.remove(Self.cookie, from: &response) }
}
