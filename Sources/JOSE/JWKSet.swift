public import JSON

/// Public keys as they are published (RFC 7517 §5). It holds no private part: `PublicKey` has no place for one.
public struct JWKSet: Hashable, Sendable {
    public let keys: [JWK]
    /// Keys that no signature is checked with, each with its certificate.
    private let certified: [CertifiedKey]

    public init(_ keys: [JWK]) {
        self.keys = keys
        certified = []
    }

    /// Why a document is no set that an app can be known by.
    public enum Refusal: Error, Hashable, Sendable {
        case notASet
        case tooManyKeys
        case key(index: Int, PublicKey.Refusal)
        /// Keys are told apart by their `kid`.
        case missingKeyID
        case repeatedKeyID(String)
        /// None of its keys is for signatures that we read.
        case noUsableKey

        public var message: String {
            switch self {
            case .notASet: "Use a JSON object with the member keys, an array of JWKs"
            case .tooManyKeys: "Use at most \(JWKSet.mostKeys) keys"
            case .key(let index, let refusal): "Key \(index + 1) \(refusal.message)"
            case .missingKeyID: "Give each key a kid: there is more than one"
            case .repeatedKeyID(let id): "Give each key a kid of its own: \(id.prefix(60)) stands there twice"
            case .noUsableKey: "Use at least one key for ES256, PS256, EdDSA or RS256, of RSA one of 2048 to 4096 bits"
            }
        }
    }

    public static let mostKeys = 20

    /// Reads a set that signatures are checked with. Keys of kinds and sizes that we do not read are left out, as RFC 7517 §5 wants; a private part refuses the
    /// whole set.
    public init(reading value: JSONValue) throws(Refusal) {
        try self.init(registering: value)
        guard !keys.isEmpty else { throw .noUsableKey }
    }

    /// Reads the set that an app registers: a key of it may be there for its certificate alone.
    public init(registering value: JSONValue) throws(Refusal) {
        guard let values = value["keys"]?.array else { throw .notASet }
        guard values.count <= Self.mostKeys else { throw .tooManyKeys }
        var keys: [JWK] = []
        var certified: [CertifiedKey] = []
        for (index, value) in values.enumerated() {
            guard let object = value.object else { throw .notASet }
            do {
                if let key = try Self.key(object) { keys.append(key) } else if let key = CertifiedKey(object) { certified.append(key) }
            } catch {
                throw .key(index: index, error)
            }
        }
        guard !keys.isEmpty || !certified.isEmpty else { throw .noUsableKey }
        let ids = keys.compactMap(\.keyID)
        guard keys.count == 1 || ids.count == keys.count else { throw .missingKeyID }
        if let repeated = Dictionary(grouping: ids, by: { $0 }).first(where: { $0.value.count > 1 }) { throw .repeatedKeyID(repeated.key) }
        self.keys = keys
        self.certified = certified
    }

    /// - Returns: `nil` for one that is left out.
    private static func key(_ object: JSONObject) throws(PublicKey.Refusal) -> JWK? {
        do {
            return try JWK(object)
        } catch {
            switch error {
            case .unsupportedType where object["kty"]?.string != nil, .unsupportedCurve, .weak: return nil
            case .unsupportedType, .malformed, .privatePart: throw error
            }
        }
    }

    /// The keys that may have signed: the one that the header names, or without a name every one for the algorithm.
    public func candidates(for jws: UnverifiedJWS) -> [JWK] {
        keys.filter { $0.suits(jws.algorithm) && (jws.keyID == nil || $0.keyID == nil || $0.keyID == jws.keyID) }
    }

    /// Those with certificates (RFC 7517 §4.7), whether signatures are checked with them or not.
    public var withCertificates: [JSONObject] { all.filter { $0["x5c"] != nil } }

    private var all: [JSONObject] { keys.map(\.object) + certified.map(\.object) }

    public var object: JSONObject { JSONObject([("keys", .array(all.map(JSONValue.object)))]) }
    public var text: String { object.text }
}
