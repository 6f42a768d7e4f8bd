import AccessTokens
import Consents
import OAuth
import Primitives
import Storage

/// What a customer granted to an app before, on which it may be told again who they are (OpenID Connect Core §3.1.2.1).
struct EarlierGrant: Sendable {
    let person: PersonID
    let app: AppID
    /// What the grant holds at least.
    let scope: ScopeSet
    let now: Timestamp

    /// What it was given with, and ends with.
    fileprivate enum Basis {
        case itself
        case consent
        /// Used up by the payment that it was given for.
        case paymentConsent
    }

    /// - Returns: one that lives, the newest of those that were given without a consent; where there is none, of the consent that was lodged last. What is
    ///   used up soonest comes last.
    func find(in database: any Database) async throws -> Grant? {
        try await database.readOne { tx in
            try tx.first(
                """
                SELECT \(columnsOf: Grant.self)
                FROM token_grant
                WHERE id = COALESCE(\(newest: self, on: .itself), \(newest: self, on: .consent), \(newest: self, on: .paymentConsent))
                """
            ).map(Grant.init)
        }
    }
}

extension SQL.StringInterpolation {
    /// The order is the index's own, of which `consent_id IS NULL` is one place: among thousands the first is found at once.
    fileprivate mutating func appendInterpolation(newest grant: EarlierGrant, on basis: EarlierGrant.Basis) {
        appendLiteral("(SELECT id FROM token_grant WHERE person_id = ")
        appendInterpolation(grant.person)
        appendLiteral(" AND app_id = ")
        appendInterpolation(grant.app)
        appendLiteral(" AND revoked_at IS NULL AND expires_at > ")
        appendInterpolation(grant.now)
        for scope in grant.scope.ordered { appendInterpolation(holds: scope) }
        switch basis {
        case .itself: appendLiteral(" AND consent_id IS NULL")
        case .consent, .paymentConsent:
            appendLiteral(" AND consent_id IS NOT NULL AND ")
            appendInterpolation(isInForce: "token_grant.consent_id", at: grant.now)
            appendInterpolation(holds: .paymentsWrite, basis == .paymentConsent)
        }
        appendLiteral(" ORDER BY consent_id DESC, created_at DESC LIMIT 1)")
    }

    /// A value, not a bare condition: PostgreSQL believes a `LIKE` to be rare, and would sort all grants to find one. Half of the values it expects to be true.
    private mutating func appendInterpolation(holds scope: Scope, _ does: Bool = true) {
        appendLiteral(" AND COALESCE(' ' || scope || ' ' \(does ? "LIKE" : "NOT LIKE") ")
        appendInterpolation("% \(scope.rawValue) %")
        appendLiteral(", FALSE)")
    }
}
