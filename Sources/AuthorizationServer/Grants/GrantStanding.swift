import AccessTokens
import Consents
import Identity
import OAuth
import OpenBanking
import Primitives
import Storage

/// A grant, and whether tokens may be issued on it now: it lives, its consent is in force and its person is not disabled.
///
/// One statement reads all of it as it stands in the database: what this node remembers decides nothing here.
struct GrantStanding: Sendable {
    let grant: Grant
    /// What stands against it first.
    let refusal: Refusal?

    enum Refusal: Error, Hashable, Sendable {
        case grantEnded
        case consent(ConsentStatus)
        case personDisabled

        var error: OAuthError {
            switch self {
            case .grantEnded: .against(.grantLive, "The grant has ended.")
            case .consent(let status): .against(.consentInForce, "The consent is \(status.rawValue).", expected: "authorised", received: .note(status.rawValue))
            case .personDisabled: .against(.customerServed, "The customer can no longer be served.")
            }
        }
    }

    /// What a grant is found by.
    enum Name: Sendable {
        case id(GrantID)
        /// Whatever became of the code.
        case code(AuthorizationCode)
    }

    /// - Returns: `nil` when there is no such grant.
    static func find(_ name: Name, at now: Timestamp, in database: any Database) async throws -> GrantStanding? {
        let row = try await database.readOne { tx in
            try tx.first(
                """
                SELECT \(columnsOf: Grant.self), \(isInForce: "token_grant.consent_id", at: now) AS consent_is_in_force,
                    \(isActive: "token_grant.person_id") AS person_is_active
                FROM token_grant
                WHERE id = \(name)
                """)
        }
        guard let row else { return nil }
        let grant = try Grant(row)
        return GrantStanding(grant: grant, refusal: try await refusal(of: grant, row, at: now, in: database))
    }

    private static func refusal(of grant: Grant, _ row: Row, at now: Timestamp, in database: any Database) async throws -> Refusal? {
        guard grant.isLive(at: now) else { return .grantEnded }
        if let id = grant.consentID, try row["consent_is_in_force"] != true {
            let status = try await database.readOne { try Consents().status(of: id, at: now, in: $0) } ?? .revoked
            // One that waited for its confirmation may have got it meanwhile.
            guard status == .authorised else { return .consent(status) }
        }
        return try row["person_is_active"] == true ? nil : .personDisabled
    }
}

extension SQL.StringInterpolation {
    fileprivate mutating func appendInterpolation(_ name: GrantStanding.Name) {
        switch name {
        case .id(let id): appendInterpolation(id)
        case .code(let code): appendInterpolation(grantOf: code)
        }
    }
}
