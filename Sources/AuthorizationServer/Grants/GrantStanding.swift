import AccessTokens
import Consents
import Identity
import OAuth
import OpenBanking
import Primitives
import Storage

/// Whether tokens may still be issued on a grant: it lives, its consent is in force and its person is not disabled. Asked in the transaction that issues.
struct GrantStanding: Sendable {
    private let consents = Consents()
    private let people = People()

    enum Refusal: Error, Hashable, Sendable {
        case grantEnded
        case consent(ConsentStatus)
        case personDisabled

        var error: OAuthError {
            switch self {
            case .grantEnded: .invalidGrant("The grant has ended.")
            case .consent(let status): .invalidGrant("The consent is \(status.rawValue).")
            case .personDisabled: .invalidGrant("The customer can no longer be served.")
            }
        }
    }

    func check(_ grant: Grant?, at now: Timestamp, in tx: any ReadTransaction) throws -> Result<Grant, Refusal> {
        guard let grant, grant.isLive(at: now) else { return .failure(.grantEnded) }
        if let refusal = try refusal(consent: grant.consentID, person: grant.personID, at: now, in: tx) { return .failure(refusal) }
        return .success(grant)
    }

    private func refusal(consent id: ConsentID?, person: PersonID, at now: Timestamp, in tx: any ReadTransaction) throws -> Refusal? {
        if let id {
            let status = try consents.find(id, in: tx)?.status(at: now) ?? .revoked
            guard status == .authorised else { return .consent(status) }
        }
        return try people.find(person, in: tx)?.isActive == true ? nil : .personDisabled
    }
}
