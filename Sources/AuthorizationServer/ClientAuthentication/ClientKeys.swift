import Applications
import JOSE
import OAuth
import Primitives

/// The public keys of apps.
struct ClientKeys: Sendable {
    /// The keys that may have signed.
    func candidates(for jws: UnverifiedJWS, of app: App, at now: Timestamp) async -> [JWK] {
        app.metadata.jwks?.candidates(for: jws) ?? []
    }
}
