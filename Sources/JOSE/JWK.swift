package import JSON
internal import Primitives

/// A public ES256 key as it is published (RFC 7517, RFC 7518 §6.2.1).
package struct JWK: Hashable, Sendable {
    package let kid: String
    /// base64url, 32 bytes.
    package let x: String
    package let y: String

    package init(kid: String, x: String, y: String) {
        self.kid = kid
        self.x = x
        self.y = y
    }

    /// - Returns: `nil` unless it is a P-256 key with a `kid`.
    package init?(_ object: JSONObject) {
        guard object["kty"]?.string == "EC", object["crv"]?.string == "P-256", let kid = object["kid"]?.string, let x = object["x"]?.string,
            let y = object["y"]?.string
        else { return nil }
        self.init(kid: kid, x: x, y: y)
    }

    package var object: JSONObject {
        JSONObject([
            ("kty", .string("EC")), ("use", .string("sig")), ("alg", .string("ES256")), ("kid", .string(kid)), ("crv", .string("P-256")),
            ("x", .string(x)), ("y", .string(y)),
        ])
    }

    /// The SHA-256 thumbprint: the required members alone, in lexicographic order (RFC 7638 §3).
    package var thumbprint: String {
        let required = JSONObject([("crv", .string("P-256")), ("kty", .string("EC")), ("x", .string(x)), ("y", .string(y))])
        return Base64URL.encode(sha256(required.bytes))
    }
}

/// The keys that tokens are verified with, as published (RFC 7517 §5). It holds no private part: `JWK` has no place for one.
package struct JWKSet: Hashable, Sendable {
    package let keys: [JWK]

    package init(_ keys: [JWK]) { self.keys = keys }

    package var object: JSONObject { JSONObject([("keys", .array(keys.map { .object($0.object) }))]) }
    package var text: String { object.text }
}
