public import Logging
internal import Primitives
public import Storage
internal import Synchronization

/// Why a sound token does not work any more.
public enum RevocationReason: String, Hashable, Sendable {
    case tokenDenied = "token_denied"
    case grantRevoked = "grant_revoked"
}

/// Which tokens and grants were revoked lately, in memory: complete for the tokens that were issued since a certain time, by whatever clock. Questions about
/// older ones, which live again when a clock is set back, and all while the change feed is not current, are read from the database instead.
public final class Revocations: Sendable {
    private let database: any Database
    private let feed: ChangeFeed
    private let capacity: Int
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    /// How much earlier than the token that was asked about another may have been issued: nodes' clocks differ, and small corrections are frequent.
    private static let reach = Duration.hours(1)
    /// How much earlier than it was issued, by the clocks of the two moments, a token may have been revoked: by a clock two hours behind, and issued by one two
    /// hours ahead.
    private static let setBack = Duration.hours(4)
    /// Then what is remembered is read anew, without what no token is left of.
    private static let renewal = Duration.hours(1)
    /// How long each question is read when there are more than can be remembered.
    private static let rest = Duration.minutes(10)
    /// How long nothing is loaded after that failed.
    private static let pause = Duration.seconds(5)

    /// - Parameters:
    ///   - capacity: how many are remembered at most, each in about 100 bytes; when there are more, each question is read.
    ///   - now: the monotonic clock by which what is remembered ages.
    public init(
        database: any Database, feed: ChangeFeed, capacity: Int = 500_000, logger: Logger = Logger(label: "wekeza.revocations"),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.database = database
        self.feed = feed
        self.capacity = capacity
        self.logger = logger
        self.now = now
        feed.subscribe([.deniedToken, .grant]) { [weak self] in self?.note($0) }
        feed.onFallingBehind { [weak self] in self?.state.withLock { $0.forget() } }
    }

    /// Reads what was revoked lately, as far as tokens that were issued with this one or later need it. The first question asks for it.
    public func load(for claims: AccessTokenClaims) async throws {
        // The feed must have its place before the snapshot is taken, so that nothing falls between them.
        try await feed.poll()
        let (since, renewal, most) = (claims.issuedAt - Self.reach, now() + Self.renewal, capacity + 1)
        let edition = state.withLock { $0.begin(Memory(since: since, renewal: renewal)) }
        do {
            // Put together here, and what it replaces freed here, so that no call waits at the lock for either.
            var memory: Memory? = try await database.read { tx in
                var memory = Memory(since: since, renewal: renewal)
                try memory.load(revokedSince: since - Self.setBack, atMost: most, in: tx)
                return memory
            }
            let isTooMuch = state.withLock { state in
                state.finish(edition, with: &memory)
                return bound(&state)
            }
            if isTooMuch { tellThatItIsTooMuch() }
        } catch {
            state.withLock { $0.giveUp(edition) }
            throw error
        }
    }

    /// - Returns: `nil` where that has to be read; within it, `nil` for a token in force.
    public func known(about claims: AccessTokenClaims) -> RevocationReason?? {
        let isCurrent = feed.isCurrent
        let (knows, known, isOld) = state.withLock { state in
            (state.memory?.knows(claims) ?? false, state.memory?.refusal(of: claims), state.memory?.isOld ?? false)
        }
        // It goes on answering meanwhile.
        if isOld, isCurrent { loadInBackground(for: claims) }
        return known != nil || isCurrent && knows ? .some(known) : nil
    }

    public func refusal(of claims: AccessTokenClaims) async throws -> RevocationReason? {
        if let known = known(about: claims) { return known }
        if feed.isCurrent { loadInBackground(for: claims) }
        return try await database.read { tx in
            if try DeniedTokens().contains(claims.tokenID, in: tx) { return .tokenDenied }
            if let id = claims.grantID, try Grants().find(id, in: tx)?.revokedAt != nil { return .grantRevoked }
            return nil
        }
    }

    private func loadInBackground(for claims: AccessTokenClaims) {
        let instant = now()
        let isFirst = state.withLock { state in
            guard !state.isLoading, state.restsUntil.map({ instant >= $0 }) ?? true else { return false }
            state.isLoading = true
            return true
        }
        guard isFirst else { return }
        Task {
            do {
                try await load(for: claims)
            } catch {
                // Until one succeeds, each question reads.
                logger.warning("revocations cannot be read", metadata: ["error": "\(error)"])
                state.withLock { $0.restsUntil = now() + Self.pause }
            }
            state.withLock { $0.isLoading = false }
        }
    }

    private func note(_ changes: [Change]) {
        let instant = now()
        let isTooMuch = state.withLock { state in
            for change in changes {
                state.memory?.note(change)
                state.coming?.note(change)
            }
            if let renewal = state.memory?.renewal, instant >= renewal { state.memory?.isOld = true }
            return bound(&state)
        }
        if isTooMuch { tellThatItIsTooMuch() }
    }

    /// - Returns: whether there was more than is remembered.
    private func bound(_ state: inout State) -> Bool {
        guard max(state.memory?.count ?? 0, state.coming?.count ?? 0) > capacity else { return false }
        state.forget()
        state.restsUntil = now() + Self.rest
        return true
    }

    private func tellThatItIsTooMuch() {
        logger.warning("more revocations than are remembered: each question is read", metadata: ["capacity": "\(capacity)"])
    }
}

extension Revocations {
    /// What is known of tokens that were issued since a certain time.
    private struct Memory {
        let since: Timestamp
        let renewal: ContinuousClock.Instant
        var isOld = false
        var tokens: Set<String> = []
        var grants: Set<GrantID> = []

        init(since: Timestamp, renewal: ContinuousClock.Instant) {
            self.since = since
            self.renewal = renewal
        }

        var count: Int { tokens.count + grants.count }

        func knows(_ claims: AccessTokenClaims) -> Bool { claims.issuedAt >= since }

        func refusal(of claims: AccessTokenClaims) -> RevocationReason? {
            if !tokens.isEmpty, tokens.contains(claims.tokenID) { return .tokenDenied }
            if let id = claims.grantID, grants.contains(id) { return .grantRevoked }
            return nil
        }

        mutating func load(revokedSince moment: Timestamp, atMost most: Int, in tx: any ReadTransaction) throws {
            // What has expired by then was issued before.
            for row in try tx.all("SELECT token_id FROM denied_token WHERE expires_at >= \(since) LIMIT \(most)") { tokens.insert(try row["token_id"]) }
            // The tokens of grants that a restore ended are of keys that it replaced: there is nothing to look for, and there may be millions.
            let ended = try tx.all(
                """
                SELECT id
                FROM token_grant
                WHERE revoked_at >= \(moment) AND revoked_reason <> \(GrantRevocationReason.restored)
                LIMIT \(most)
                """)
            for row in ended { grants.insert(try row["id"]) }
        }

        mutating func note(_ change: Change) {
            switch change.topic {
            case .deniedToken: tokens.insert(change.key)
            default: grants.insert(GrantID(trusted: change.key))
            }
        }
    }

    private struct State {
        /// What answers.
        var memory: Memory?
        /// What is being read, with what is heard meanwhile.
        var coming: Memory?
        /// Rises when another reading begins and when something may have passed unheard: a reading from before is worth nothing then.
        var edition = 0
        var isLoading = false
        var restsUntil: ContinuousClock.Instant?

        mutating func begin(_ memory: Memory) -> Int {
            edition += 1
            coming = memory
            return edition
        }

        /// - Parameter fresh: what was read; afterwards what it replaced.
        mutating func finish(_ reading: Int, with fresh: inout Memory?) {
            guard reading == edition, let heard = coming else { return }
            fresh?.tokens.formUnion(heard.tokens)
            fresh?.grants.formUnion(heard.grants)
            swap(&memory, &fresh)
            coming = nil
        }

        mutating func giveUp(_ reading: Int) { if reading == edition { coming = nil } }

        mutating func forget() {
            edition += 1
            memory = nil
            coming = nil
        }
    }
}
