public import JSON

/// Public keys as they are published (RFC 7517 §5). It holds no private part: `PublicKey` has no place for one.
public struct JWKSet: Hashable, Sendable {
    public let keys: [JWK]

    public init(_ keys: [JWK]) { self.keys = keys }

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
            case .noUsableKey: "Use at least one key for ES256, PS256, EdDSA or RS256"
            }
        }
    }

    public static let mostKeys = 20

    /// Reads an app's set. Keys of kinds that we do not read are left out, as RFC 7517 §5 wants; a private part refuses the whole set.
    public init(reading value: JSONValue) throws(Refusal) {
        guard let values = value["keys"]?.array else { throw .notASet }
        guard values.count <= Self.mostKeys else { throw .tooManyKeys }
        var keys: [JWK] = []
        for (index, value) in values.enumerated() {
            guard let object = value.object else { throw .notASet }
            do {
                if let key = try JWK(object) { keys.append(key) }
            } catch .unsupportedType where object["kty"]?.string != nil {
                continue
            } catch .unsupportedCurve {
                continue
            } catch {
                throw .key(index: index, error)
            }
        }
        guard !keys.isEmpty else { throw .noUsableKey }
        let ids = keys.compactMap(\.keyID)
        guard keys.count == 1 || ids.count == keys.count else { throw .missingKeyID }
        if let repeated = Dictionary(grouping: ids, by: { $0 }).first(where: { $0.value.count > 1 }) { throw .repeatedKeyID(repeated.key) }
        self.keys = keys
    }

    /// The keys that may have signed: the one that the header names, or without a name every one for the algorithm.
    public func candidates(for jws: UnverifiedJWS) -> [JWK] {
        keys.filter { $0.suits(jws.algorithm) && (jws.keyID == nil || $0.keyID == nil || $0.keyID == jws.keyID) }
    }

    public var object: JSONObject { JSONObject([("keys", .array(keys.map { .object($0.object) }))]) }
    public var text: String { object.text }
}
