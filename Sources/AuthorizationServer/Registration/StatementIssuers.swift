internal import Applications
import JOSE
import JSON
import OAuth
public import Storage
internal import Synchronization

/// Whose software statements are believed (RFC 7591 §2.3), and for whom: what the operator's file says. It can be replaced while the server runs.
public final class StatementIssuers: Sendable {
    private let issuers: Mutex<[StatementIssuer]>

    public init(_ issuers: [StatementIssuer] = []) { self.issuers = Mutex(issuers) }

    public func replace(_ issuers: [StatementIssuer]) { self.issuers.withLock { $0 = issuers } }

    subscript(name: String) -> StatementIssuer? { issuers.withLock { issuers in issuers.first { $0.name == name } } }
    var isEmpty: Bool { issuers.withLock(\.isEmpty) }

    /// Of the organisations that they speak for.
    public var handles: [String] { issuers.withLock { issuers in Set(issuers.flatMap(\.organisations.values)).sorted() } }

    /// Those that no organisation here has.
    public static func unknown(_ handles: [String], in tx: any ReadTransaction) throws -> [String] {
        try handles.filter { try Organisations().find(handle: $0, in: tx) == nil }
    }
}

/// One issuer of software statements.
public struct StatementIssuer: Hashable, Sendable {
    /// `iss`
    let name: String
    let keys: JWKSet
    /// What it signs with.
    let algorithms: [SignatureAlgorithm]
    /// The claim that names the organisation whose software it is.
    let organisationClaim: String
    /// Handles of our organisations by the claim's values: a value that is not here is not approved.
    let organisations: [String: String]
    /// The rules that the apps follow.
    let profile: SecurityProfile

    /// Why a file names no issuers, in words that go on a sentence.
    public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        public let description: String
    }

    /// Reads `{"issuers": [{"issuer", "jwks", "organisation_claim", "organisations", "algorithms"?, "profile"?}]}`.
    public static func read(_ bytes: [UInt8]) throws(Refusal) -> [StatementIssuer] {
        let document: JSONValue
        do { document = try JSONValue(parsing: bytes) } catch {
            throw Refusal(description: "at byte \(error.offset) stands \(error.got) instead of \(error.expected)")
        }
        guard let entries = document["issuers"]?.array else { throw Refusal(description: "the member issuers, a list, is missing") }
        var issuers: [StatementIssuer] = []
        for entry in entries {
            let issuer = try StatementIssuer(entry)
            guard !issuers.contains(where: { $0.name == issuer.name }) else { throw Refusal(description: "\(issuer.name) stands twice") }
            issuers.append(issuer)
        }
        return issuers
    }

    private init(_ entry: JSONValue) throws(Refusal) {
        guard let name = entry["issuer"]?.string, !name.isEmpty else { throw Refusal(description: "an entry has no issuer") }
        guard let jwks = entry["jwks"] else { throw Refusal(description: "\(name) has no jwks") }
        do { keys = try JWKSet(reading: jwks) } catch { throw Refusal(description: "the jwks of \(name) cannot be used: \(error.message)") }
        guard let claim = entry["organisation_claim"]?.string, !claim.isEmpty else { throw Refusal(description: "\(name) has no organisation_claim") }
        guard let organisations = entry["organisations"]?.object else { throw Refusal(description: "\(name) has no organisations, an object of handles") }
        var handles: [String: String] = [:]
        for member in organisations.members {
            guard let handle = member.value.string else { throw Refusal(description: "in organisations of \(name) \(member.name) names no handle") }
            handles[member.name] = handle
        }
        // RS256 only where the file asks for it: FAPI 2.0 §5.4.1 does not allow it.
        let names = entry["algorithms"]?.array ?? SignatureAlgorithm.allCases.filter(\.isAllowedByFAPI).map { .string($0.rawValue) }
        let algorithms = names.compactMap { $0.string.flatMap(SignatureAlgorithm.init(rawValue:)) }
        guard !names.isEmpty, algorithms.count == names.count else {
            throw Refusal(description: "the algorithms of \(name) are not all of \(SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard let profile = SecurityProfile(rawValue: entry["profile"]?.string ?? SecurityProfile.oauth21.rawValue) else {
            throw Refusal(description: "the profile of \(name) is none of \(SecurityProfile.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.name = name
        organisationClaim = claim
        self.organisations = handles
        self.algorithms = algorithms
        self.profile = profile
    }
}
