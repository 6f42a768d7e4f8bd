public import OAuth
public import Primitives

/// Makes and reads refresh tokens. None is stored: a token is its grant, its generation, and a code over both and the client under a server key, so that
/// the successor of a token can be given again when its answer was lost (docs/decisions/0003-refresh-tokens.md).
public struct RefreshTokens: Sendable {
    private let authenticator: MessageAuthenticator

    public init(rootKey: RootKey) { authenticator = MessageAuthenticator(rootKey, purpose: "refresh-token") }

    /// `wkz_rt_<grant>_<generation>_<code>`
    public func token(of grant: GrantID, generation: Int64, for client: ClientID) -> Secret {
        Secret("\(Self.prefix)\(grant)_\(generation)_\(code(grant, generation, client))")
    }

    /// - Returns: `nil` when it is none of ours for this client.
    public func read(_ text: String, from client: ClientID) -> PresentedRefreshToken? {
        guard text.hasPrefix(Self.prefix), text.utf8.count <= 200 else { return nil }
        // The code is base64url and may hold underscores, the parts before it hold none beyond the id's own.
        let parts = text.dropFirst(Self.prefix.count).split(separator: "_", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let grant = GrantID("\(parts[0])_\(parts[1])"), let generation = Int64(parts[2]), generation > 0,
            // One spelling per number: `01` and `+1` are not what we wrote.
            String(generation) == parts[2],
            constantTimeEqual(String(parts[3]), code(grant, generation, client))
        else { return nil }
        return PresentedRefreshToken(grantID: grant, generation: generation, clientID: client)
    }

    private static let prefix = "wkz_rt_"

    private func code(_ grant: GrantID, _ generation: Int64, _ client: ClientID) -> String {
        authenticator.code(for: "\(grant)|\(generation)|\(client)")
    }
}

/// A refresh token that this server once made for this client.
public struct PresentedRefreshToken: Hashable, Sendable {
    public let grantID: GrantID
    public let generation: Int64
    public let clientID: ClientID
}
