import AccessTokens
import Consents
import Identity
import OAuth
import OpenBanking
import Primitives
import Storage

/// Whether tokens may still be issued on a grant: it lives, its consent is in force and its person is not disabled.
struct GrantStanding: Sendable {
    private let consents = Consents()
    private let people = People()

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

    /// Each question is a read of its own, which needs no common snapshot: what has ended stays ended.
    func check(_ grant: Grant?, at now: Timestamp, in database: any Database) async throws -> Result<Grant, Refusal> {
        guard let grant, grant.isLive(at: now) else { return .failure(.grantEnded) }
        if let id = grant.consentID {
            let status = try await database.readOne { try consents.status(of: id, at: now, in: $0) } ?? .revoked
            guard status == .authorised else { return .failure(.consent(status)) }
        }
        let isActive = try await database.readOne { try people.find(grant.personID, in: $0)?.isActive } ?? false
        return isActive ? .success(grant) : .failure(.personDisabled)
    }
}
