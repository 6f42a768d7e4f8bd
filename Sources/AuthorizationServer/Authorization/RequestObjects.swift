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

    func read(_ text: String, from app: App, at now: Timestamp) async -> Result<RequestObject, OAuthError> {
        func refused(_ refusal: RequestObject.Refusal) -> Result<RequestObject, OAuthError> {
            .failure(refusal.error(received: text, issuer: issuer.text))
        }
        guard let jws = try? UnverifiedJWS(parsing: text, limit: Self.longest) else { return refused(.malformed) }
        // §10.8; libraries older than it write `JWT` or nothing.
        guard jws.type == nil || jws.isType(.requestObject) || jws.isType(.idToken) else { return refused(.wrongType) }
        let wanted = app.metadata.requestObjectSigningAlgorithm
        guard app.profile.rules.algorithms.contains(jws.algorithm), wanted == nil || wanted == jws.algorithm else { return refused(.algorithm) }
        let candidates: [JWK]
        switch await keys.candidates(for: jws, of: app, at: now) {
        case .success(let found): candidates = found
        case .failure(let unread): return .failure(unread.error(.objectKeysRead, of: app))
        }
        guard !candidates.isEmpty else { return refused(.noKey) }
        guard candidates.contains(where: { jws.isSigned(by: $0.key) }) else { return refused(.signature) }
        do { return .success(try RequestObject(jws, of: app.registeredClient, issuer: issuer.text, at: now)) } catch { return refused(error) }
    }
}

extension RequestObject.Refusal {
    func error(received object: String, issuer: String) -> OAuthError {
        .against(rule, message, expected: self == .audience ? issuer : nil, received: received(in: object))
    }
}
