import Applications
import JOSE
import OAuth
import Primitives
import Web

/// Reads the request objects of apps (RFC 9101 §6).
struct RequestObjects: Sendable {
    let keys: ClientKeys
    let issuer: Issuer

    static let longest = 32_768

    func read(_ text: String, from app: App, at now: Timestamp) async -> Result<RequestObject, RequestObject.Refusal> {
        guard let jws = try? UnverifiedJWS(parsing: text, limit: Self.longest) else { return .failure(.malformed) }
        // §10.8; libraries older than it write `JWT` or nothing.
        guard jws.type == nil || jws.isType(.requestObject) || jws.isType(.idToken) else { return .failure(.wrongType) }
        let wanted = app.metadata.requestObjectSigningAlgorithm
        guard app.profile.rules.algorithms.contains(jws.algorithm), wanted == nil || wanted == jws.algorithm else { return .failure(.algorithm) }
        let candidates = await keys.candidates(for: jws, of: app, at: now)
        guard !candidates.isEmpty else { return .failure(.noKey) }
        guard candidates.contains(where: { jws.isSigned(by: $0.key) }) else { return .failure(.signature) }
        do { return .success(try RequestObject(jws, of: app.registeredClient, issuer: issuer.text, at: now)) } catch { return .failure(error) }
    }
}
