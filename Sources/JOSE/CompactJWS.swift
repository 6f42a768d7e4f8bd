public import JSON
import Primitives

/// A compact JWS (RFC 7515 §7.1) whose signature nobody has checked yet.
public struct UnverifiedJWS: Sendable {
    public let algorithm: SignatureAlgorithm
    public let keyID: String?
    /// `typ`
    public let type: String?
    public let claims: JSONObject
    /// The whole header, for the kinds of token that carry more in it.
    public let header: JSONObject
    private let signingInput: [UInt8]
    private let signature: [UInt8]

    /// Why a text is no token, before any key is looked up.
    public enum Refusal: String, Error, Hashable, Sendable {
        case tooLong, notThreeParts, notBase64URL, malformedHeader, malformedClaims, unsupportedAlgorithm, criticalHeader
    }

    /// - Parameter limit: bytes.
    public init(parsing text: String, limit: Int = 8192) throws(Refusal) {
        guard text.utf8.count <= limit else { throw .tooLong }
        let bytes = Array(text.utf8)
        let dot = UInt8(ascii: ".")
        guard let first = bytes.firstIndex(of: dot), let last = bytes.lastIndex(of: dot), first < last, !bytes[(first + 1)..<last].contains(dot) else {
            throw .notThreeParts
        }
        guard let header = Self.decode(bytes[..<first]), let payload = Self.decode(bytes[(first + 1)..<last]),
            let signature = Self.decode(bytes[(last + 1)...])
        else { throw .notBase64URL }
        guard case .object(let header)? = try? JSONValue(parsing: header, limits: .token(bytes: 4096)) else { throw .malformedHeader }
        // RFC 8725 §3.1: an algorithm of our list; which of them a key may be used for is decided by the key.
        guard let algorithm = header["alg"]?.string.flatMap(SignatureAlgorithm.init(rawValue:)) else { throw .unsupportedAlgorithm }
        // RFC 7515 §4.1.11: we understand no critical extension.
        guard header["crit"] == nil else { throw .criticalHeader }
        // Keys or addresses of keys in the header (`jku`, `x5u`, `x5c`, and `jwk` but in a DPoP proof) are not read.
        guard let keyID = Self.text(header["kid"]), let type = Self.text(header["typ"]) else { throw .malformedHeader }
        guard case .object(let claims)? = try? JSONValue(parsing: payload, limits: .token(bytes: limit)) else { throw .malformedClaims }
        self.algorithm = algorithm
        self.keyID = keyID
        self.type = type
        self.claims = claims
        self.header = header
        self.signature = signature
        signingInput = Array(bytes[..<last])
    }

    /// Whether it is of a type; the `application/` prefix may be left out and case does not count (RFC 7515 §4.1.9).
    public func isType(_ wanted: TokenType) -> Bool {
        if type == wanted.rawValue { return true }
        guard let type = type?.lowercased() else { return false }
        return type == wanted.rawValue.lowercased() || type == "application/\(wanted.rawValue.lowercased())"
    }

    public func isSigned(by key: PublicKey) -> Bool { key.isValid(signature, for: signingInput, by: algorithm) }

    private static func decode(_ part: ArraySlice<UInt8>) -> [UInt8]? { part.withUnsafeBufferPointer { Base64URL.decode($0) } }

    /// - Returns: `nil` when the member is there but no text.
    private static func text(_ value: JSONValue?) -> String?? {
        guard let value else { return .some(nil) }
        return value.string.map { .some($0) }
    }
}
