internal import JOSE
public import Primitives
internal import Synchronization

/// Checks access tokens (RFC 9068 §4) and remembers by digest those it found sound, bounded, until they expire.
public final class AccessTokenVerifier: Sendable {
    let keys: SigningKeys
    private let issuer: String
    private let audience: String
    private let shards: [Shard]

    /// - Parameter remembered: how many tokens are remembered at most.
    public init(keys: SigningKeys, issuer: String, remembered: Int = 65_536) {
        self.keys = keys
        self.issuer = issuer
        audience = AccessTokenIssuer.audience(of: issuer)
        shards = (0..<Self.shardCount).map { _ in Shard(capacity: max(1, remembered / Self.shardCount)) }
    }

    private static let shardCount = 16

    public func verify(_ token: String, at now: Timestamp) -> Result<AccessTokenClaims, TokenRefusal> {
        // What is longer by far than any token of ours is not worth a digest.
        guard token.utf8.count <= 8192 else { return .failure(.malformed) }
        let digest = TokenDigest(of: token)
        let shard = shards[Int(digest.first % UInt64(Self.shardCount))]
        let edition = keys.edition
        if let claims = shard.recall(digest, edition: edition) { return checkTime(claims, at: now) }
        switch check(token, digest, at: now) {
        case .failure(let refusal): return .failure(refusal)
        case .success(let claims):
            shard.remember(claims, for: digest, edition: edition)
            return .success(claims)
        }
    }

    private func check(_ token: String, _ digest: TokenDigest, at now: Timestamp) -> Result<AccessTokenClaims, TokenRefusal> {
        guard let jws = try? UnverifiedJWS(parsing: token) else { return .failure(.malformed) }
        // A key that is no longer published vouches for nothing, whoever signed with it.
        guard let id = jws.keyID.flatMap(KeyID.init), let key = keys.verificationKey(id, at: now), keys.signedHere.take(digest) || jws.isSigned(by: key)
        else { return .failure(.badSignature) }
        guard jws.isType(.accessToken) else { return .failure(.wrongType(got: jws.type ?? "none")) }
        guard let claims = AccessTokenClaims(jws.claims) else { return .failure(.malformed) }
        guard claims.issuer == issuer else { return .failure(.wrongIssuer(expected: issuer, got: claims.issuer)) }
        guard claims.audience.contains(audience) else {
            return .failure(.wrongAudience(expected: audience, got: claims.audience.joined(separator: " ")))
        }
        return checkTime(claims, at: now)
    }

    private func checkTime(_ claims: AccessTokenClaims, at now: Timestamp) -> Result<AccessTokenClaims, TokenRefusal> {
        guard now < claims.expiresAt else { return .failure(.expired(at: claims.expiresAt)) }
        // Another node's clock may run ahead; a minute is forgiven.
        guard claims.issuedAt <= now + .minutes(1) else { return .failure(.notYetValid(at: claims.issuedAt)) }
        return .success(claims)
    }
}

/// Why an access token is not accepted. What it says stays in the owner's own view: `got` never holds the token.
public enum TokenRefusal: Error, Hashable, Sendable {
    case malformed
    case badSignature
    case wrongType(got: String)
    case wrongIssuer(expected: String, got: String)
    case wrongAudience(expected: String, got: String)
    case expired(at: Timestamp)
    case notYetValid(at: Timestamp)

    public var isExpiry: Bool { if case .expired = self { true } else { false } }

    public var expected: String {
        switch self {
        case .malformed: "an access token of this server: three base64url parts, ES256, with its kid"
        case .badSignature: "a signature by one of the keys of our JWK set"
        case .wrongType: "typ at+jwt: an access token"
        case .wrongIssuer(let expected, _): "iss \(expected)"
        case .wrongAudience(let expected, _): "aud \(expected)"
        case .expired: "a token that has not expired"
        case .notYetValid: "a token issued in the past"
        }
    }

    public var got: String {
        switch self {
        case .malformed: "something else"
        case .badSignature: "another signature or an unknown kid"
        case .wrongType(let got): "typ \(got.prefix(40))"
        case .wrongIssuer(_, let got): "iss \(got.prefix(200))"
        case .wrongAudience(_, let got): "aud \(got.prefix(200))"
        case .expired(let at): "expired at \(at.rfc3339)"
        case .notYetValid(let at): "issued at \(at.rfc3339)"
        }
    }
}

/// Two generations: a full young one becomes the old one, whose unused entries go at the next turn. A change of the keys empties both.
private final class Shard: Sendable {
    private struct State {
        var edition = 0
        var young: [TokenDigest: AccessTokenClaims] = [:]
        var old: [TokenDigest: AccessTokenClaims] = [:]
    }

    private let state = Mutex(State())
    private let generationSize: Int

    init(capacity: Int) { generationSize = max(1, capacity / 2) }

    func recall(_ digest: TokenDigest, edition: Int) -> AccessTokenClaims? {
        state.withLock { state in
            guard state.edition == edition else { return nil }
            return state.young[digest] ?? state.old[digest]
        }
    }

    func remember(_ claims: AccessTokenClaims, for digest: TokenDigest, edition: Int) {
        state.withLock { state in
            if state.edition != edition { state = State(edition: edition) }
            if state.young.count >= generationSize {
                state.old = state.young
                state.young = [:]
            }
            state.young[digest] = claims
        }
    }
}
