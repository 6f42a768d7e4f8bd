internal import Foundation
import Hummingbird
import Primitives
import Web

/// Who just signed up in this browser, sealed in its cookie. Whether the address was new cannot be told from it: for a known one the person is a decoy.
struct PendingSignUp: Sendable {
    struct Content: Codable, Sendable {
        let person: PersonID
        let email: String
        let expiresAt: Timestamp
    }

    static let cookie = "wkz_signup"
    static let lifetime = Duration.hours(24)

    let sealer: Sealer
    let cookies: CookiePolicy

    init(master: MasterKey, cookies: CookiePolicy) {
        sealer = Sealer(master, purpose: "portal.pending_sign_up")
        self.cookies = cookies
    }

    func put(_ person: PersonID, email: String, at now: Timestamp, on response: inout Response) throws {
        let content = Content(person: person, email: email, expiresAt: now + Self.lifetime)
        cookies.set(Self.cookie, to: sealer.seal(Array(try JSONEncoder().encode(content))), maxAge: Int(Self.lifetime.milliseconds / 1000), on: &response)
    }

    func find(in request: Request, at now: Timestamp) -> Content? {
        guard let sealed = cookies.value(Self.cookie, in: request), let bytes = sealer.open(sealed),
            let content = try? JSONDecoder().decode(Content.self, from: Data(bytes)), content.expiresAt > now
        else { return nil }
        return content
    }

    func forget(on response: inout Response) { cookies.remove(Self.cookie, from: &response) }
}
