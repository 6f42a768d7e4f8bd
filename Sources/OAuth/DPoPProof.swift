public import JOSE
internal import JSON
public import Primitives

/// A DPoP proof that has passed every check of RFC 9449 §4.3 but the one whether it was used before.
public struct DPoPProof: Hashable, Sendable {
    /// `jkt`: the thumbprint of the key that the sender holds.
    public let thumbprint: String
    /// `jti`
    public let tokenID: String
    /// The earliest moment at which it can have been made: its `iat`, or the moment its nonce was first handed out.
    public let madeAfter: Timestamp
    /// From then on it would be refused anyway.
    public let expiresAt: Timestamp

    /// How old a proof may be that carries no nonce.
    public static let lifetime = Duration.seconds(60)
    /// How far the sender's clock may run ahead of ours; FAPI 2.0 accepts 10 seconds.
    public static let forgivenSkew = Duration.seconds(30)
    /// Algorithms of proofs, whatever the app's profile.
    public static let algorithms = SignatureAlgorithm.allCases.filter(\.isAllowedByFAPI)

    /// Why a proof proves nothing.
    public enum Refusal: String, CaseIterable, Error, Hashable, Sendable {
        case severalProofs, malformed, wrongType, algorithm, missingKey, unsuitableKey, signature, missingTokenID, method, address, missingTime, accessToken
        case replayed
        /// A nonce of ours would make it acceptable: the clock is off, the nonce is old, or the proof may have been used before.
        case nonceNeeded

        /// One plain sentence; nothing from the request in it.
        public var message: String {
            switch self {
            case .severalProofs: "More than one DPoP header was sent."
            case .malformed: "The DPoP proof is not a signed JWT."
            case .wrongType: "The typ of the DPoP proof is not dpop+jwt."
            case .algorithm: "The DPoP proof is not signed with \(DPoPProof.algorithms.map(\.rawValue).joined(separator: ", "))."
            case .missingKey: "The header of the DPoP proof has no jwk."
            case .unsuitableKey: "The jwk of the DPoP proof is not a public key for its algorithm."
            case .signature: "The signature of the DPoP proof is wrong."
            case .missingTokenID: "The DPoP proof has no jti of 1 to 255 bytes."
            case .method: "The htm of the DPoP proof is not the method of the request."
            case .address: "The htu of the DPoP proof is not the address of the request."
            case .missingTime: "The DPoP proof has no iat, a number of seconds."
            case .accessToken: "The ath of the DPoP proof is not the digest of the access token."
            case .replayed: "The DPoP proof was used before."
            case .nonceNeeded: "Make a new DPoP proof with the nonce in the header DPoP-Nonce."
            }
        }
    }

    /// What the proof has to be about.
    public struct Target: Sendable {
        public let method: String
        /// Every address by which this endpoint is reached.
        public let addresses: [String]
        /// With a request to a protected resource.
        public let accessToken: String?

        public init(method: String, addresses: [String], accessToken: String? = nil) {
            self.method = method
            self.addresses = addresses
            self.accessToken = accessToken
        }
    }

    /// - Parameters:
    ///   - keys: those that came lately.
    ///   - nonce: when a nonce of ours was first handed out, and until when it is good; `nil` for one that is not ours or too old.
    public init(
        _ text: String, for target: Target, at now: Timestamp, keys: KnownPublicKeys, nonce: (String) -> (since: Timestamp, until: Timestamp)?
    ) throws(Refusal) {
        let jws: UnverifiedJWS
        do { jws = try UnverifiedJWS(parsing: text) } catch { throw error == .unsupportedAlgorithm ? .algorithm : .malformed }
        guard jws.isType(.dpopProof) else { throw .wrongType }
        guard Self.algorithms.contains(jws.algorithm) else { throw .algorithm }
        guard let jwk = jws.header["jwk"]?.object else { throw .missingKey }
        guard let key = try? keys.key(of: jwk), key.algorithms.contains(jws.algorithm) else { throw .unsuitableKey }
        guard jws.isSigned(by: key) else { throw .signature }
        let claims = jws.claims
        guard let tokenID = claims["jti"]?.string, (1...255).contains(tokenID.utf8.count) else { throw .missingTokenID }
        guard claims["htm"]?.string == target.method else { throw .method }
        guard let address = claims["htu"]?.string, target.isAddressed(by: address) else { throw .address }
        guard let issuedAt = try? claims.numericDate("iat") else { throw .missingTime }
        if let accessToken = target.accessToken {
            guard let digest = claims["ath"]?.string, constantTimeEqual(digest, Digest(of: accessToken).text) else { throw .accessToken }
        }
        thumbprint = key.thumbprint
        self.tokenID = tokenID
        if let value = claims["nonce"] {
            guard let (since, until) = value.string.flatMap(nonce) else { throw .nonceNeeded }
            // The nonce tells its age, so the sender's clock need not be right.
            (madeAfter, expiresAt) = (since, until)
        } else {
            guard issuedAt > now - Self.lifetime, issuedAt <= now + Self.forgivenSkew else { throw .nonceNeeded }
            (madeAfter, expiresAt) = (issuedAt, issuedAt + Self.lifetime)
        }
    }
}

extension DPoPProof.Target {
    /// Nearly every client writes an address as we do; only other spellings are taken apart.
    fileprivate func isAddressed(by text: String) -> Bool {
        if addresses.contains(text) { return true }
        guard let address = WebAddress(text) else { return false }
        return addresses.contains { WebAddress($0) == address }
    }
}

/// A web address as `htu` is compared (RFC 9449 §4.3 step 9): without query and fragment, scheme and host in lower case, without a default port
/// (RFC 3986 §6.2.2, §6.2.3).
struct WebAddress: Hashable {
    let text: String

    init?(_ address: String) {
        guard address.utf8.count <= 2000, let mark = address.firstRange(of: "://") else { return nil }
        let scheme = address[..<mark.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" else { return nil }
        let rest = address[mark.upperBound...].prefix { $0 != "?" && $0 != "#" }
        var authority = rest.prefix { $0 != "/" }.lowercased()
        let path = rest.dropFirst(authority.count)
        let defaultPort = scheme == "https" ? ":443" : ":80"
        if authority.hasSuffix(defaultPort) { authority.removeLast(defaultPort.count) }
        guard !authority.isEmpty else { return nil }
        text = "\(scheme)://\(authority)\(path.isEmpty ? "/" : path)"
    }
}
