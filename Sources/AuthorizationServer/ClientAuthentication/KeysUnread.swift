import Applications
import OAuth
import RemoteDocuments

/// Why the keys at an app's `jwks_uri` are not known.
enum KeysUnread: Error, Hashable, Sendable {
    case notFetched(FetchRefusal)
    case noKeySet

    /// Before the app is authenticated: anybody may read the description, the app's developers alone what came of the address.
    /// - Parameter rule: what needed the keys.
    func error(_ rule: RefusalRule, of app: App) -> OAuthError {
        guard let reason else { return .against(.keysInTurn, "The jwks_uri of the app was not read: too many others are being read.") }
        return .against(rule, "The jwks_uri of the app could not be read.", expected: app.metadata.jwksURI, received: .note(reason))
    }

    /// What came of the address; `nil` when it was not asked. Whether a name leads to a private address is not told: it would show others which names there are
    /// in our network.
    private var reason: String? {
        switch self {
        case .notFetched(.address): "it does not begin with https"
        case .notFetched(.busy): nil
        case .notFetched(.notPublic), .notFetched(.unreachable): "no public host with a trusted certificate answered in time"
        case .notFetched(.status): "the answer has another status than 200"
        case .notFetched(.tooLong): "the answer is too long for a JWK Set"
        case .noKeySet: "the answer is no JWK Set with a key that we support"
        }
    }
}
