package import JSON
package import Primitives

/// A compact JWS (RFC 7515 §7.1) whose signature nobody has checked yet.
package struct UnverifiedJWS: Sendable {
    package let keyID: KeyID
    package let type: String
    package let claims: JSONObject
    private let signingInput: [UInt8]
    private let signature: [UInt8]

    /// Why a text is no token of ours, before any key is looked up.
    package enum Refusal: String, Error, Hashable, Sendable {
        case tooLong, notThreeParts, notBase64URL, malformedHeader, malformedClaims, unsupportedAlgorithm, criticalHeader, missingKeyID, missingType
    }

    /// - Parameter limit: bytes.
    package init(parsing text: String, limit: Int = 8192) throws(Refusal) {
        guard text.utf8.count <= limit else { throw .tooLong }
        let bytes = Array(text.utf8)
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .notThreeParts }
        guard let header = Self.decode(parts[0]), let payload = Self.decode(parts[1]), let signature = Self.decode(parts[2]) else {
            throw .notBase64URL
        }
        guard case .object(let header)? = try? JSONValue(parsing: header, limits: .token(bytes: 1024)) else { throw .malformedHeader }
        // RFC 8725 §3.1: one algorithm, named here and not by the token. Keys or addresses of keys in the header (`jwk`, `jku`, `x5u`) are not read.
        guard header["alg"]?.string == "ES256" else { throw .unsupportedAlgorithm }
        // RFC 7515 §4.1.11: we understand no critical extension.
        guard header["crit"] == nil else { throw .criticalHeader }
        guard let keyID = header["kid"]?.string.flatMap(KeyID.init) else { throw .missingKeyID }
        guard let type = header["typ"]?.string else { throw .missingType }
        guard case .object(let claims)? = try? JSONValue(parsing: payload, limits: .token(bytes: limit)) else { throw .malformedClaims }
        self.keyID = keyID
        self.type = type
        self.claims = claims
        self.signature = signature
        signingInput = Array(bytes[..<parts[2].startIndex.advanced(by: -1)])
    }

    /// Whether it is of a type; the `application/` prefix may be left out and case does not count (RFC 7515 §4.1.9).
    package func isType(_ wanted: TokenType) -> Bool {
        let type = type.lowercased()
        return type == wanted.rawValue.lowercased() || type == "application/\(wanted.rawValue.lowercased())"
    }

    package func isSigned(by key: VerificationKey) -> Bool { key.id == keyID && key.isValid(signature, for: signingInput) }

    private static func decode(_ part: ArraySlice<UInt8>) -> [UInt8]? { Base64URL.decode(String(decoding: part, as: UTF8.self)) }
}
