internal import Crypto
internal import CryptoExtras
public import JSON
internal import Primitives

/// A public key that signatures are checked with, parsed once from its JWK (RFC 7517, RFC 7518 §6, RFC 8037 §2).
public struct PublicKey: Hashable, Sendable {
    private enum Material: Sendable {
        case p256(P256.Signing.PublicKey)
        case rsa(_RSA.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
    }

    private let material: Material
    /// The members that make the key, in lexicographic order (RFC 7638 §3.2).
    public let members: JSONObject
    /// The SHA-256 thumbprint (RFC 7638 §3), base64url.
    public let thumbprint: String

    /// Why members make no key.
    public enum Refusal: String, Error, Hashable, Sendable {
        /// A private or symmetric member: who sends one has given the key away.
        case privatePart
        case unsupportedType, unsupportedCurve
        /// Missing or misspelled members, or a point that is not on the curve.
        case malformed
        /// RSA below 2,048 bits, or above what is worth the work.
        case weak

        public var message: String {
            switch self {
            case .privatePart: "holds a private part: publish the public members alone, and replace the key"
            case .unsupportedType: "has a kty that is not supported: use EC, RSA or OKP"
            case .unsupportedCurve: "has a crv that is not supported: use P-256 or Ed25519"
            case .malformed: "has members that make no key"
            case .weak: "is an RSA key of fewer than 2048 or more than 4096 bits"
            }
        }
    }

    /// Reads the members of a JWK that make its key; others are not looked at, but for those that must never be there.
    public init(_ jwk: JSONObject) throws(Refusal) {
        try Self.refusePrivateParts(jwk)
        switch jwk["kty"]?.string {
        case "EC":
            guard jwk["crv"]?.string == "P-256" else { throw .unsupportedCurve }
            guard let x = Self.bytes(jwk["x"], count: 32), let y = Self.bytes(jwk["y"], count: 32),
                // The initializer checks that the point lies on the curve.
                let key = try? P256.Signing.PublicKey(x963Representation: [4] + x + y)
            else { throw .malformed }
            self.init(p256: key)
        case "RSA":
            guard let modulus = Self.bytes(jwk["n"]), let exponent = Self.bytes(jwk["e"]), modulus.first != 0, exponent.first != 0, exponent.count <= 4
            else { throw .malformed }
            guard (256...512).contains(modulus.count) else { throw .weak }
            guard let key = try? _RSA.Signing.PublicKey(n: modulus, e: exponent) else { throw .malformed }
            guard key.keySizeInBits >= 2048 else { throw .weak }
            self.init(rsa: key, modulus: modulus, exponent: exponent)
        case "OKP":
            guard jwk["crv"]?.string == "Ed25519" else { throw .unsupportedCurve }
            guard let x = Self.bytes(jwk["x"], count: 32), let key = try? Curve25519.Signing.PublicKey(rawRepresentation: x) else { throw .malformed }
            self.init(ed25519: key)
        default: throw .unsupportedType
        }
    }

    init(p256 key: P256.Signing.PublicKey) {
        let point = Array(key.x963Representation)
        self.init(
            .p256(key),
            JSONObject([
                ("crv", .string("P-256")), ("kty", .string("EC")), ("x", .string(Base64URL.encode(point[1..<33]))),
                ("y", .string(Base64URL.encode(point[33..<65]))),
            ]))
    }

    init(rsa key: _RSA.Signing.PublicKey, modulus: [UInt8], exponent: [UInt8]) {
        self.init(
            .rsa(key), JSONObject([("e", .string(Base64URL.encode(exponent))), ("kty", .string("RSA")), ("n", .string(Base64URL.encode(modulus)))]))
    }

    init(ed25519 key: Curve25519.Signing.PublicKey) {
        self.init(
            .ed25519(key),
            JSONObject([("crv", .string("Ed25519")), ("kty", .string("OKP")), ("x", .string(Base64URL.encode(Array(key.rawRepresentation))))]))
    }

    private init(_ material: Material, _ members: JSONObject) {
        self.material = material
        self.members = members
        thumbprint = Self.thumbprint(of: members)
    }

    private static func thumbprint(of members: JSONObject) -> String { Base64URL.encode(sha256(members.bytes)) }

    /// The thumbprint that a JWK has if its members make a key and are spelled as keys are: nothing of that is looked at.
    /// - Returns: `nil` when a member is missing.
    static func thumbprint(ofSpelling jwk: JSONObject) throws(Refusal) -> String? {
        try refusePrivateParts(jwk)
        let names: [String]
        switch jwk["kty"]?.string {
        case "EC": names = ["crv", "kty", "x", "y"]
        case "RSA": names = ["e", "kty", "n"]
        case "OKP": names = ["crv", "kty", "x"]
        default: return nil
        }
        let spelled = names.compactMap { name in jwk[name].map { (name, $0) } }
        return spelled.count == names.count ? thumbprint(of: JSONObject(spelled)) : nil
    }

    static func refusePrivateParts(_ jwk: JSONObject) throws(Refusal) {
        guard !privateMembers.contains(where: { jwk[$0] != nil }) else { throw .privatePart }
    }

    /// What the key can have signed. RSA keys do for either padding.
    public var algorithms: [SignatureAlgorithm] {
        switch material {
        case .p256: [.es256]
        case .rsa: [.ps256, .rs256]
        case .ed25519: [.edDSA]
        }
    }

    /// - Returns: `false` also when the key is of another kind than the algorithm.
    public func isValid(_ signature: [UInt8], for message: [UInt8], by algorithm: SignatureAlgorithm) -> Bool {
        switch (material, algorithm) {
        case (.p256(let key), .es256):
            // RFC 7518 §3.4: `r || s`, 64 bytes; DER is refused.
            guard signature.count == 64, let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: message)
        case (.rsa(let key), .ps256):
            return key.isValidSignature(_RSA.Signing.RSASignature(rawRepresentation: signature), for: SHA256.hash(data: message), padding: .PSS)
        case (.rsa(let key), .rs256):
            return key.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
        case (.ed25519(let key), .edDSA): return signature.count == 64 && key.isValidSignature(signature, for: message)
        default: return false
        }
    }

    public static func == (lhs: PublicKey, rhs: PublicKey) -> Bool { lhs.members == rhs.members }
    public func hash(into hasher: inout Hasher) { hasher.combine(members) }

    /// RFC 7518 §6.2.2, §6.3.2, §6.4: private exponents and factors, and symmetric keys.
    private static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

    private static func bytes(_ value: JSONValue?, count: Int? = nil) -> [UInt8]? {
        // An RSA key of 16,384 bits has 2,731 characters.
        guard let text = value?.string, text.utf8.count <= 4096, let bytes = Base64URL.decode(text), !bytes.isEmpty else { return nil }
        return count == nil || bytes.count == count ? bytes : nil
    }
}

extension PublicKey {
    init(rsa key: _RSA.Signing.PublicKey) {
        // A key that the library made has its numbers.
        let numbers = try! key.getKeyPrimitives()
        self.init(rsa: key, modulus: Array(numbers.modulus), exponent: Array(numbers.publicExponent))
    }
}
