internal import JSON

/// A key of a set of a kind or size that we check no signature with, and its certificates: an app may be known by the first (RFC 8705 §2.2.2).
struct CertifiedKey: Hashable, Sendable {
    /// What the JWK says about the key, its certificates last.
    let object: JSONObject

    /// - Parameter jwk: one that holds no private part.
    /// - Returns: `nil` without a certificate, and for a key that is not for signatures, as a handshake makes them.
    init?(_ jwk: JSONObject) {
        let certificates = JWK.certificates(of: jwk)
        guard JWK.isForSignatures(jwk), !certificates.isEmpty else { return nil }
        var object = JSONObject(jwk.members.filter { Self.members.contains($0.name) && $0.value.string != nil }.map { ($0.name, $0.value) })
        object.append("x5c", .array(certificates.map(JSONValue.string)))
        self.object = object
    }

    private static let members: Set = ["kty", "use", "alg", "kid", "crv", "x", "y", "n", "e"]
}
