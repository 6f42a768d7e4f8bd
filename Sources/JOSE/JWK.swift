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

    /// - Returns: `nil` for a key that is not for signatures that we read (`use`, `key_ops`, `alg`): a set may hold such for others, whatever they are made of.
    public init?(_ object: JSONObject) throws(PublicKey.Refusal) {
        try PublicKey.refusePrivateParts(object)
        guard Self.isForSignatures(object) else { return nil }
        let name = object["alg"]?.string
        let algorithm = name.flatMap(SignatureAlgorithm.init(rawValue:))
        guard name == nil || algorithm != nil else { return nil }
        let key = try PublicKey(object)
        if let algorithm, !key.algorithms.contains(algorithm) { return nil }
        self.init(keyID: object["kid"]?.string, algorithm: algorithm, key: key, certificates: Self.certificates(of: object))
    }

    /// RFC 7517 §4.2, §4.3.
    static func isForSignatures(_ object: JSONObject) -> Bool {
        if let use = object["use"]?.string, use != "sig" { return false }
        guard let operations = object["key_ops"]?.array else { return true }
        return operations.contains(.string("verify"))
    }

    static func certificates(of object: JSONObject) -> [String] { (object["x5c"]?.array ?? []).prefix(longestChain).compactMap(\.string) }

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
