import Applications
import OAuth
import Primitives
import Web

/// Where refusals are explained: the value of `error_uri` (RFC 6749 §4.1.2.1, §5.2).
struct ErrorAddresses: Sendable {
    private let issuer: Issuer
    private let seal: RefusalSeal

    init(issuer: Issuer, rootKey: RootKey) {
        self.issuer = issuer
        seal = RefusalSeal(rootKey: rootKey)
    }

    /// The page of the code, and in the address what its app's developers will read there.
    func address(of error: OAuthError, of app: AppID, at endpoint: OAuthEndpoint, now: Timestamp) -> String {
        let sealed = seal.seal(ExplainedRefusal(error, of: app, at: endpoint, now: now))
        return "\(issuer.address(error.code.documentationPath))?\(RefusalSeal.parameter)=\(sealed)"
    }

    /// What an endpoint makes of refusals of one request.
    struct Of: Sendable {
        let addresses: ErrorAddresses
        let app: AppID
        let endpoint: OAuthEndpoint
        let now: Timestamp

        func address(of error: OAuthError) -> String { addresses.address(of: error, of: app, at: endpoint, now: now) }
    }

    func of(_ app: App, at endpoint: OAuthEndpoint, now: Timestamp) -> Of { Of(addresses: self, app: app.id, endpoint: endpoint, now: now) }
}
