internal import Primitives
internal import Synchronization

/// The access tokens that this process signed lately and has not seen since: their signatures need no check when they first come back.
/// A digest that is found stands for the whole token, header and signature included.
final class SignedHere: Sendable {
    private let digests: Mutex<RecentlyUsed<TokenDigest, Void>>

    /// - Parameter capacity: how many are remembered at most, the latest half of them for sure.
    init(capacity: Int = 65_536) { digests = Mutex(RecentlyUsed(capacity: capacity)) }

    func note(_ token: String) {
        let digest = TokenDigest(of: token)
        digests.withLock { $0[digest] = () }
    }

    /// Whether it was signed here; it is forgotten, since who verified it remembers more of it.
    func take(_ digest: TokenDigest) -> Bool {
        digests.withLock { digests in
            guard digests[digest] != nil else { return false }
            digests[digest] = nil
            return true
        }
    }
}
