/// The ways to obtain tokens that this server implements; the wire name appears once, here.
public enum GrantType: String, CaseIterable, Sendable, Codable {
    case authorizationCode = "authorization_code"
    case refreshToken = "refresh_token"
    case clientCredentials = "client_credentials"
}

extension Set<GrantType> {
    /// In the catalogue's order, separated by spaces.
    public var names: String { GrantType.allCases.filter(contains).map(\.rawValue).joined(separator: " ") }
}
