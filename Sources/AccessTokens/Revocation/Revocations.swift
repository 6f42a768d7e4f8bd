import Primitives
public import Storage
internal import Synchronization

/// Why a sound token does not work any more.
public enum RevocationReason: String, Hashable, Sendable {
    case tokenDenied = "token_denied"
    case grantRevoked = "grant_revoked"
}

/// Which tokens and grants were revoked lately, in memory and complete: an access token lives five minutes, so older revocations have no token left.
/// Until they are loaded, and whenever the change feed is not current, each question is read from the database instead.
public final class Revocations: Sendable {
    private struct State {
        var isComplete = false
        var isLoading = false
        var tokens: [String: ContinuousClock.Instant] = [:]
        var grants: [GrantID: ContinuousClock.Instant] = [:]
        var nextSweep = ContinuousClock.now

        func refusal(of claims: AccessTokenClaims) -> RevocationReason? {
            if !tokens.isEmpty, tokens[claims.tokenID] != nil { return .tokenDenied }
            if let id = claims.grantID, grants[id] != nil { return .grantRevoked }
            return nil
        }

        mutating func sweep() {
            let now = ContinuousClock.now
            guard now >= nextSweep else { return }
            nextSweep = now + .minutes(1)
            tokens = tokens.filter { $0.value > now }
            grants = grants.filter { $0.value > now }
        }
    }

    private let database: any Database
    private let feed: ChangeFeed
    private let state = Mutex(State())

    /// Longer than any access token lives.
    private static let kept = Duration.minutes(15)

    public init(database: any Database, feed: ChangeFeed) {
        self.database = database
        self.feed = feed
        feed.subscribe([.deniedToken, .grant]) { [weak self] changes in
            for change in changes {
                switch change.topic {
                case .deniedToken: self?.noteDenied(change.key)
                default: self?.noteRevoked(GrantID(trusted: change.key))
                }
            }
        }
        feed.onFallingBehind { [weak self] in self?.state.withLock { $0.isComplete = false } }
    }

    private func loadInBackground() {
        let isFirst = state.withLock { state in
            defer { state.isLoading = true }
            return !state.isLoading
        }
        guard isFirst else { return }
        Task {
            try? await load()  // until one succeeds, each question reads and asks for another
            state.withLock { $0.isLoading = false }
        }
    }

    /// Reads what was revoked lately. The first question asks for it, unless it was done at the start.
    public func load() async throws {
        // The feed must have its place before the snapshot is taken, so that nothing falls between them.
        try await feed.poll()
        let (tokens, grants) = try await database.read { tx in
            let tokens: [String] = try tx.all("SELECT token_id FROM denied_token").map { try $0["token_id"] }
            let newest = try tx.first("SELECT MAX(revoked_at) AS newest FROM token_grant WHERE revoked_at IS NOT NULL")
            // Measured from the latest revocation, so that no clock of this process is needed.
            let since = (try newest.map { row -> Timestamp? in try row["newest"] } ?? nil).map { $0 - .hours(1) } ?? .epoch
            // The tokens of grants that a restore ended are of keys that it replaced: there is nothing to look for, and there may be millions.
            let grants: [GrantID] = try tx.all(
                "SELECT id FROM token_grant WHERE revoked_at >= \(since) AND revoked_reason <> \(GrantRevocationReason.restored)"
            ).map { try $0["id"] }
            return (tokens, grants)
        }
        let until = ContinuousClock.now + Self.kept
        state.withLock { state in
            for token in tokens { state.tokens[token] = until }
            for grant in grants { state.grants[grant] = until }
            state.isComplete = true
        }
    }

    /// - Returns: `nil` where that has to be read; within it, `nil` for a token in force.
    public func known(about claims: AccessTokenClaims) -> RevocationReason?? {
        let isCurrent = feed.isCurrent
        let (isComplete, known) = state.withLock { state in (state.isComplete, state.refusal(of: claims)) }
        return known != nil || isCurrent && isComplete ? .some(known) : nil
    }

    public func refusal(of claims: AccessTokenClaims) async throws -> RevocationReason? {
        if let known = known(about: claims) { return known }
        if feed.isCurrent { loadInBackground() }
        return try await database.read { tx in
            if try DeniedTokens().contains(claims.tokenID, in: tx) { return .tokenDenied }
            if let id = claims.grantID, try Grants().find(id, in: tx)?.revokedAt != nil { return .grantRevoked }
            return nil
        }
    }

    private func noteDenied(_ tokenID: String) {
        state.withLock { state in
            state.sweep()
            state.tokens[tokenID] = .now + Self.kept
        }
    }

    private func noteRevoked(_ grant: GrantID) {
        state.withLock { state in
            state.sweep()
            state.grants[grant] = .now + Self.kept
        }
    }
}
