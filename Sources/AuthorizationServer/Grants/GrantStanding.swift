import AccessTokens
import Consents
import Identity
import OAuth
import OpenBanking
import Primitives
import Storage

/// Whether tokens may still be issued on a grant: it lives, its consent is in force and its person is not disabled.
struct GrantStanding: Sendable {
    private let directory: ConsentDirectory
    private let consents = Consents()
    private let people = People()

    init(consents directory: ConsentDirectory) { self.directory = directory }

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

    /// What is read needs no common snapshot: what has ended stays ended.
    /// - Parameter remembers: whether a consent that this node remembers as in force is not read again: the gateway trusts the same memory, which hears of what
    ///   this node changes at once and of what others change within a second. A refusal, which an app takes for the end, rests on what is in the database now.
    func check(_ grant: Grant?, at now: Timestamp, remembers: Bool = true, in database: any Database) async throws -> Result<Grant, Refusal> {
        guard let grant, grant.isLive(at: now) else { return .failure(.grantEnded) }
        if let id = grant.consentID {
            let status = try await status(of: id, at: now, remembers: remembers, in: database)
            guard status == .authorised else { return .failure(.consent(status)) }
        }
        return try await database.readOne { try people.isActive(grant.personID, in: $0) } ? .success(grant) : .failure(.personDisabled)
    }

    private func status(of id: ConsentID, at now: Timestamp, remembers: Bool, in database: any Database) async throws -> ConsentStatus {
        if remembers, try await directory.find(id)?.status(at: now) == .authorised { return .authorised }
        return try await database.readOne { try consents.status(of: id, at: now, in: $0) } ?? .revoked
    }
}
