public import JSON
internal import Primitives
internal import Synchronization

/// Public keys that came lately: one that comes with every request, as in the header of DPoP proofs (RFC 9449 §4.2), is read and found on its curve once.
public final class KnownPublicKeys: Sendable {
    private let known: Mutex<RecentlyUsed<String, PublicKey>>

    /// - Parameter capacity: keys remembered at most, of a kilobyte or two.
    public init(capacity: Int = 10_000) { known = Mutex(RecentlyUsed(capacity: capacity)) }

    public func key(of jwk: JSONObject) throws(PublicKey.Refusal) -> PublicKey {
        // A key that was read has one spelling, so what is spelled like it is that key.
        if let thumbprint = try PublicKey.thumbprint(ofSpelling: jwk), let key = known.withLock({ $0[thumbprint] }) { return key }
        let key = try PublicKey(jwk)
        known.withLock { $0[key.thumbprint] = key }
        return key
    }
}
