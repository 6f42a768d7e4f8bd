/// The signature algorithms that this server makes and reads (RFC 7518 §3.1, RFC 8037 §3.1). Each is asymmetric: nobody signs with a key that is public.
public enum SignatureAlgorithm: String, CaseIterable, Sendable, Codable {
    case es256 = "ES256"
    case ps256 = "PS256"
    case edDSA = "EdDSA"
    case rs256 = "RS256"

    /// What FAPI 2.0 Security Profile §5.4.1 allows.
    public var isAllowedByFAPI: Bool { self != .rs256 }
}
