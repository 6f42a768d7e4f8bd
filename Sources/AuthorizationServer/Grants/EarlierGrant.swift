import AccessTokens
import Consents
import OAuth
import Primitives
import Storage

/// What a customer granted to an app before, on which it may be told again who they are (OpenID Connect Core §3.1.2.1).
enum EarlierGrant {
    /// - Parameter scope: what the grant holds at least.
    /// - Returns: the newest that lives, of those without a consent if there are any: what was granted with one ends with it, who they are too.
    static func find(of scope: ScopeSet, by person: PersonID, to app: AppID, at now: Timestamp, in database: any Database) async throws -> Grant? {
        // The order is the index's own, of which `consent_id IS NULL` is one place: among thousands the first is found at once.
        try await database.readOne { tx in
            try tx.first(
                """
                SELECT \(columnsOf: Grant.self)
                FROM token_grant
                WHERE id = COALESCE(
                    (
                        SELECT id
                        FROM token_grant
                        WHERE person_id = \(person) AND app_id = \(app) AND consent_id IS NULL
                            AND revoked_at IS NULL AND expires_at > \(now)\(holding: scope)
                        ORDER BY consent_id DESC, created_at DESC
                        LIMIT 1
                    ),
                    (
                        SELECT id
                        FROM token_grant
                        WHERE person_id = \(person) AND app_id = \(app) AND consent_id IS NOT NULL
                            AND revoked_at IS NULL AND expires_at > \(now)\(holding: scope) AND \(isInForce: "token_grant.consent_id", at: now)
                        ORDER BY consent_id DESC, created_at DESC
                        LIMIT 1
                    ))
                """
            ).map(Grant.init)
        }
    }
}

extension SQL.StringInterpolation {
    fileprivate mutating func appendInterpolation(holding scope: ScopeSet) {
        for one in scope.ordered {
            appendLiteral(" AND ' ' || scope || ' ' LIKE ")
            appendInterpolation("% \(one.rawValue) %")
        }
    }
}
