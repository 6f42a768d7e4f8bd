public import JSON

/// A public key as it is published, with what its owner says about it (RFC 7517 §4).
public struct JWK: Hashable, Sendable {
    /// `kid`; an app's is any text of its own.
    public let keyID: String?
    /// The one algorithm it is meant for; `nil` for any that it can do.
    public let algorithm: SignatureAlgorithm?
    public let key: PublicKey
    /// `x5c`: certificates of the key, the first one its own, each in base64 of its DER (RFC 7517 §4.7).
    public let certificates: [String]

    public init(keyID: String?, algorithm: SignatureAlgorithm?, key: PublicKey, certificates: [String] = []) {
        self.keyID = keyID
        self.algorithm = algorithm
        self.key = key
        self.certificates = certificates
    }

    /// - Returns: `nil` for a key that is sound but not one for signatures that we read (`use`, `key_ops`, `alg`): a set may hold such for others.
    public init?(_ object: JSONObject) throws(PublicKey.Refusal) {
        let key = try PublicKey(object)
        if let use = object["use"]?.string, use != "sig" { return nil }
        if let operations = object["key_ops"]?.array, !operations.contains(.string("verify")) { return nil }
        var algorithm: SignatureAlgorithm?
        if let name = object["alg"]?.string {
            guard let known = SignatureAlgorithm(rawValue: name), key.algorithms.contains(known) else { return nil }
            algorithm = known
        }
        self.init(
            keyID: object["kid"]?.string, algorithm: algorithm, key: key,
            certificates: (object["x5c"]?.array ?? []).prefix(Self.longestChain).compactMap(\.string))
    }

    private static let longestChain = 10

    public func suits(_ wanted: SignatureAlgorithm) -> Bool { (algorithm == nil || algorithm == wanted) && key.algorithms.contains(wanted) }

    public var object: JSONObject {
        var members = JSONObject([("kty", key.members["kty"] ?? .null), ("use", .string("sig"))])
        members.append("alg", algorithm?.rawValue)
        members.append("kid", keyID)
        if !certificates.isEmpty { members.append("x5c", .array(certificates.map(JSONValue.string))) }
        for member in key.members.members where member.name != "kty" { members.append(member.name, member.value) }
        return members
    }
}
