import Primitives

/// An authorization code (RFC 6749 §1.3.1): `wkz_ac_<authorization>_<256 random bits>`. It names the authorization whose answer it is, so that it is looked for
/// where that was just written, and not among all codes by a digest that falls anywhere.
struct AuthorizationCode: Hashable, Sendable, CustomStringConvertible {
    let authorizationID: AuthorizationID
    private let secret: Secret

    init(for id: AuthorizationID, from randomness: any RandomSource) {
        authorizationID = id
        secret = .random(prefix: "\(Self.prefix)\(id)_", from: randomness)
    }

    /// - Returns: `nil` for what this server cannot have made.
    init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), text.utf8.count <= 200 else { return nil }
        // The secret is base64url and may hold underscores, the id holds none beyond its prefix's.
        let parts = text.dropFirst(Self.prefix.count).split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let id = AuthorizationID("\(parts[0])_\(parts[1])") else { return nil }
        authorizationID = id
        secret = Secret(text)
    }

    /// For the one answer that hands it out.
    var value: String { secret.value }
    var digest: Digest { secret.digest }
    var description: String { "AuthorizationCode(…)" }

    private static let prefix = "wkz_ac_"
}
