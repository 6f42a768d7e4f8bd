import AccessTokens
import OAuth
import Storage

/// Every grant; the metadata lists them from here.
struct AllGrants: Sendable {
    let all: [any TokenGrant]

    init(database: any Database, tokens: AccessTokenIssuer, idTokens: IDTokenIssuer, refreshTokens: RefreshTokens, standing: GrantStanding) {
        all = [
            AuthorizationCodeGrant(database: database, tokens: tokens, idTokens: idTokens, refreshTokens: refreshTokens, standing: standing),
            RefreshTokenGrant(database: database, tokens: tokens, refreshTokens: refreshTokens, standing: standing),
            ClientCredentialsGrant(tokens: tokens),
        ]
    }

    subscript(type: GrantType) -> (any TokenGrant)? { all.first { $0.type == type } }
}
