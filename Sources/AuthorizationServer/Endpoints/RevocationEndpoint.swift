import AccessTokens
import Applications
import Events
import HTTPTypes
import Hummingbird
import OAuth
import Primitives
import Storage
import Web

/// RFC 7009: an access token is denied by its `jti`, a refresh token ends its grant. A token of another app stays as it is, and the answer is the same.
struct RevocationEndpoint: Sendable {
    let database: any Database
    let verifier: AccessTokenVerifier
    let refreshTokens: RefreshTokens
    private let grants = Grants()
    private let denied = DeniedTokens()

    init(database: any Database, verifier: AccessTokenVerifier, refreshTokens: RefreshTokens) {
        self.database = database
        self.verifier = verifier
        self.refreshTokens = refreshTokens
    }

    /// `token_type_hint` is not needed: the two kinds of token look different (§2.1 allows to ignore it).
    func respond(to request: ClientRequest, context: AppContext) async throws -> Response {
        let (client, parameters) = (request.client, request.parameters)
        guard let token = parameters["token"] else {
            return request.refused(.against(.parameterSent, "The parameter token is missing.", parameter: "token", expected: "a token"))
        }
        let (app, now) = (client.app, context.receivedAt)
        if let presented = refreshTokens.read(token, from: app.clientID) {
            try await database.write { [grants] tx in
                _ = try grants.revoke(
                    presented.grantID, because: .revokedByPartner, by: .app(app.id), at: now, requestID: context.requestID, in: tx)
            }
        } else if case .success(let claims) = try await verifier.verified(token, at: now), claims.clientID == app.clientID {
            try await database.write { [denied] tx in try denied.deny(claims, at: now, in: tx) }
        }
        return Response(status: .ok, headers: [.cacheControl: "no-store"])
    }
}
