import Applications
import Identity
import JOSE
import JSON
import OAuth
public import Primitives
import Storage
import Web

/// Who may register software without leave, and by whose statements.
public struct RegistrationPolicy: Sendable {
    /// The organisation that owns what strangers register; `nil` where a stranger needs a token or a statement.
    public let openFor: OrganisationID?
    public let issuers: StatementIssuers

    public init(openFor: OrganisationID?, issuers: StatementIssuers) {
        self.openFor = openFor
        self.issuers = issuers
    }
}

/// By what leave a registration comes (RFC 7591 §3): an initial access token, a software statement, or none where registration is open.
struct RegistrationRights: Sendable {
    let database: any Database
    let policy: RegistrationPolicy
    let issuer: Issuer
    private let tokens = InitialAccessTokens()

    init(database: any Database, policy: RegistrationPolicy, issuer: Issuer) {
        self.database = database
        self.policy = policy
        self.issuer = issuer
    }

    /// A token that was sent counts, whatever else came: nothing falls through to open registration.
    func right(_ request: RegistrationRequest, at now: Timestamp) async throws -> Result<RegistrationRight, OAuthError> {
        var token: InitialAccessToken?
        if let text = request.bearer {
            token = try await database.readOne { [tokens] tx in try tokens.find(text, at: now, in: tx) }
            guard token != nil else { return .failure(.invalidToken("The initial access token is unknown, expired, revoked or used up.")) }
        }
        guard let value = request.metadata["software_statement"], value != .null else {
            if let token { return .success(RegistrationRight(organisationID: token.organisationID, profile: token.profile, initialAccessToken: token)) }
            guard let organisation = policy.openFor else {
                return .failure(.invalidToken("Registration needs an initial access token or a software statement."))
            }
            return .success(RegistrationRight(organisationID: organisation, profile: .oauth21))
        }
        switch try await statement(value, at: now) {
        case .failure(let error): return .failure(error)
        case .success(let (statement, organisation, profile)):
            guard token.map({ $0.organisationID == organisation }) ?? true else {
                return .failure(OAuthError(.unapprovedSoftwareStatement, "The software_statement is of another organisation than the initial access token."))
            }
            return .success(
                RegistrationRight(
                    organisationID: organisation, profile: token?.profile ?? profile, initialAccessToken: token, softwareStatement: statement))
        }
    }

    /// Checks a statement: its issuer, its signature, its claims, and that its organisation is one of ours.
    func statement(
        _ value: JSONValue, at now: Timestamp
    ) async throws -> Result<(statement: SoftwareStatement, organisation: OrganisationID, profile: SecurityProfile), OAuthError> {
        guard let text = value.string, let jws = try? UnverifiedJWS(parsing: text, limit: SoftwareStatement.longest), let name = jws.claims["iss"]?.string
        else {
            return .failure(.statement(.malformed))
        }
        guard let known = policy.issuers[name] else {
            return .failure(OAuthError(.unapprovedSoftwareStatement, "The iss of the software_statement is no issuer that this server trusts."))
        }
        guard known.algorithms.contains(jws.algorithm) else { return .failure(.statement(.algorithm)) }
        let candidates = known.keys.candidates(for: jws)
        guard !candidates.isEmpty else { return .failure(.statement(.noKey)) }
        guard candidates.contains(where: { jws.isSigned(by: $0.key) }) else { return .failure(.statement(.signature)) }
        let statement: SoftwareStatement
        do { statement = try SoftwareStatement(jws, text: text, issuer: name, audience: issuer.text, at: now) } catch { return .failure(.statement(error)) }
        guard let claim = jws.claims[known.organisationClaim]?.string, let handle = known.organisations[claim],
            let organisation = try await database.readOne({ try Organisations().find(handle: handle, in: $0) })
        else {
            return .failure(
                OAuthError(.unapprovedSoftwareStatement, "The \(OAuthError.plain(known.organisationClaim)) of the software_statement is no organisation here."))
        }
        return .success((statement, organisation.id, known.profile))
    }

    /// How often this leave may be used, and under which key it is counted.
    func limit(of right: RegistrationRight, from address: String) -> (key: String, most: Int) {
        if let token = right.initialAccessToken { return ("token:\(token.id)", RegistrationLimit.ofLeave) }
        if right.softwareStatement != nil { return ("statements:\(right.organisationID)", RegistrationLimit.ofLeave) }
        return ("address:\(NetworkAddress.prefix(of: address))", RegistrationLimit.ofAddress)
    }
}

extension OAuthError {
    static func statement(_ refusal: SoftwareStatement.Refusal) -> OAuthError { OAuthError(.invalidSoftwareStatement, refusal.message) }
}
