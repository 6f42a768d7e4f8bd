import Pages
import Primitives

/// Who just signed up in this browser, sealed in its cookie. Whether the address was new cannot be told from it: for a known one the person is a decoy.
struct PendingSignUp: Codable, Sendable {
    let person: PersonID
    let email: String

    typealias Cookie = SealedCookie<PendingSignUp>
}
