import AccessTokens
import OAuth
import Storage

/// Every grant; the metadata lists them from here.
struct AllGrants: Sendable {
    let all: [any TokenGrant]

    init(database: any Database, tokens: AccessTokenIssuer, idTokens: IDTokenIssuer, refreshTokens: RefreshTokens) {
        all = [
            AuthorizationCodeGrant(database: database, tokens: tokens, idTokens: idTokens, refreshTokens: refreshTokens),
            RefreshTokenGrant(database: database, tokens: tokens, refreshTokens: refreshTokens),
            ClientCredentialsGrant(tokens: tokens),
        ]
    }

    subscript(type: GrantType) -> (any TokenGrant)? { all.first { $0.type == type } }
}
