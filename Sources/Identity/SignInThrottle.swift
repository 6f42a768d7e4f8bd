import Primitives
import Storage

/// How failing attempts slow down. Three counts are kept, and none can lock somebody out for ever:
/// the *pair* of account and address doubles its delay; the *account* from anywhere and the *address* for any account are buckets that refill.
/// An address from which the account signed in before is stopped by its own pair alone, so that a stranger's attempts do not keep the owner out.
public struct SignInLimits: Sendable {
    /// Failures of a pair that cost nothing; further ones wait 1, 2, 4 … seconds.
    public var freeAttempts = 10
    /// The longest delay of a pair.
    public var longestDelay: Duration = .minutes(15)
    /// A pair without an attempt for this long starts anew.
    public var forgetting: Duration = .hours(24)
    /// Attempts on one account from all addresses together.
    public var account = Bucket(size: 50, refill: .seconds(36))
    /// Attempts from one address on all accounts together.
    public var address = Bucket(size: 100, refill: .seconds(3))
    /// How long an address stays known to an account.
    public var acquaintance: Duration = .days(90)

    /// `size` attempts at once, then one for each `refill`.
    public struct Bucket: Sendable {
        public var size: Int
        public var refill: Duration

        public init(size: Int, refill: Duration) {
            self.size = size
            self.refill = refill
        }

        /// How long an empty one takes to be full.
        var whole: Duration { .milliseconds(refill.milliseconds * Int64(size)) }
    }

    public init() {}

    /// For one-time codes, which have a million values and of which three are right: 20 guesses at once and 144 a day from everywhere together meet one of
    /// them in six years on average.
    public static let secondStep: SignInLimits = {
        var limits = SignInLimits()
        limits.freeAttempts = 5
        limits.account = Bucket(size: 20, refill: .minutes(10))
        return limits
    }()
}

/// Whose password is tried, and from where.
struct SignInAttempt: Sendable {
    /// Folded; empty for what cannot be a name.
    let name: String
    let population: Population
    let world: OrganisationID?
    let address: String

    // Names are kept as digests: what was typed may be a password in the wrong field.
    var counted: CountedAttempt {
        CountedAttempt(account: Digest(of: "\(population.rawValue)/\(world?.rawValue ?? "")/\(name)").text, address: address)
    }
}

/// An attempt as it is counted. Passwords and codes are counted apart.
struct CountedAttempt: Sendable {
    let account: String
    private let network: String
    private let step: String

    /// - Parameter account: a digest that stands for the sign-in name.
    init(account: String, address: String) {
        self.account = account
        network = NetworkAddress.prefix(of: address)
        step = ""
    }

    /// A one-time code or a recovery code of somebody.
    init(codeOf person: PersonID, address: String) {
        account = "code:\(person)"
        network = NetworkAddress.prefix(of: address)
        step = "code-"
    }

    var addressKey: String { "\(step)address:\(network)" }
    var accountKey: String { "\(step)account:\(account)" }
    var pairKey: String { "\(step)pair:\(account):\(network)" }
}

/// Counts attempts in the database, so that all nodes count together.
struct SignInThrottle: Sendable {
    enum Entry: Sendable {
        case admitted
        case delayed(until: Timestamp)
    }

    let limits: SignInLimits

    /// Counts an attempt as a failure in advance, unless it comes too early. Each row is locked by its own upsert before it is judged, always in the same
    /// order, so that concurrent attempts are judged one after another.
    func enter(_ attempt: CountedAttempt, at now: Timestamp, in tx: any WriteTransaction) throws -> Entry {
        let address = try lock(attempt.addressKey, of: nil, at: now, in: tx).believed(at: now, longest: limits.address.whole, opening: limits.address.refill)
        if let until = try delay(ofStrangerAt: address, attempt, at: now, in: tx) { return .delayed(until: until) }

        let account = believed(account: try lock(attempt.accountKey, of: attempt.account, at: now, in: tx), at: now)
        let pair = believed(pair: try lock(attempt.pairKey, of: attempt.account, at: now, in: tx), at: now)
        let allowedFrom = opening(address: address, account: account, pair: pair, at: now)
        guard allowedFrom <= now else { return .delayed(until: allowedFrom) }

        try save(attempt.addressKey, failures: address.failures + 1, until: max(address.until, now) + limits.address.refill, at: now, in: tx)
        try save(attempt.accountKey, failures: account.failures + 1, until: max(account.until, now) + limits.account.refill, at: now, in: tx)
        let failures = now - pair.updatedAt < limits.forgetting ? pair.failures + 1 : 1
        try save(attempt.pairKey, failures: failures, until: now + delay(after: failures), at: now, in: tx)
        return .admitted
    }

    /// From an address that is used up only who is known there goes on. Other attempts leave no row: one machine that tries a new name each time would fill
    /// the table with them. The pair need not be locked: whatever counts at the address waits for the address.
    private func delay(ofStrangerAt address: Count, _ attempt: CountedAttempt, at now: Timestamp, in tx: any WriteTransaction) throws -> Timestamp? {
        guard opening(of: limits.address, filledUntil: address.until) > now else { return nil }
        let pair = believed(pair: try find(attempt.pairKey, at: now, in: tx), at: now)
        guard !isKnown(pair, at: now) else { return nil }
        let account = believed(account: try find(attempt.accountKey, at: now, in: tx), at: now)
        return opening(address: address, account: account, pair: pair, at: now)
    }

    /// The password or code was right: the account and the pair start anew, and the address gets its attempt back.
    func succeed(_ attempt: CountedAttempt, at now: Timestamp, in tx: any WriteTransaction) throws {
        try giveBackToAddress(attempt, in: tx)
        try tx.execute("UPDATE sign_in_throttle SET failures = 0, until_ms = 0, updated_at = \(now) WHERE key = \(attempt.accountKey)")
        try tx.execute(
            "UPDATE sign_in_throttle SET failures = 0, until_ms = 0, succeeded_at = \(now), updated_at = \(now) WHERE key = \(attempt.pairKey)")
    }

    /// The attempt was never looked at.
    func giveBack(_ attempt: CountedAttempt, at now: Timestamp, in tx: any WriteTransaction) throws {
        try giveBackToAddress(attempt, in: tx)
        try tx.execute(
            """
            UPDATE sign_in_throttle SET failures = failures - 1, until_ms = until_ms - \(limits.account.refill.milliseconds)
            WHERE key = \(attempt.accountKey) AND failures > 0
            """)
        try tx.execute("UPDATE sign_in_throttle SET failures = failures - 1, until_ms = 0 WHERE key = \(attempt.pairKey) AND failures > 0")
    }

    /// The account's password was set anew: what failed before says nothing about it. The addresses keep theirs.
    func forgive(_ person: Person, in tx: any WriteTransaction) throws {
        let attempt = SignInAttempt(name: person.signInName, population: person.population, world: person.world, address: "").counted
        try tx.execute("UPDATE sign_in_throttle SET failures = 0, until_ms = 0 WHERE account = \(attempt.account)")
    }

    /// The person's second factor was taken away: what failed before says nothing about the next one.
    func forgiveCodes(of person: PersonID, in tx: any WriteTransaction) throws {
        let attempt = CountedAttempt(codeOf: person, address: "")
        try tx.execute("UPDATE sign_in_throttle SET failures = 0, until_ms = 0 WHERE account = \(attempt.account)")
    }

    /// Forgets counts that nobody needs any more: a background job. Those who never signed in and those who did have an index each, so that a batch need not
    /// pass the many who signed in lately and stay.
    /// - Returns: how many, at most `limit` of each kind; the larger number.
    @discardableResult
    func purge(at now: Timestamp, limit: Int, in tx: any WriteTransaction) throws -> Int {
        let strangers = try tx.execute(
            """
            DELETE FROM sign_in_throttle
            WHERE key IN (
                SELECT key
                FROM sign_in_throttle
                WHERE succeeded_at IS NULL AND updated_at < \(now - limits.forgetting)
                ORDER BY updated_at
                LIMIT \(limit))
                AND succeeded_at IS NULL AND updated_at < \(now - limits.forgetting)
            """)
        // A success is a change too, so none of these had one since.
        let others = try tx.execute(
            """
            DELETE FROM sign_in_throttle
            WHERE key IN (SELECT key FROM sign_in_throttle WHERE updated_at < \(now - limits.acquaintance) ORDER BY updated_at LIMIT \(limit))
                AND updated_at < \(now - limits.acquaintance)
            """)
        return max(strangers, others)
    }

    private func giveBackToAddress(_ attempt: CountedAttempt, in tx: any WriteTransaction) throws {
        try tx.execute(
            """
            UPDATE sign_in_throttle SET failures = failures - 1, until_ms = until_ms - \(limits.address.refill.milliseconds)
            WHERE key = \(attempt.addressKey) AND failures > 0
            """)
    }

    private struct Count {
        let failures: Int
        var until: Timestamp
        let succeededAt: Timestamp?
        let updatedAt: Timestamp

        /// A moment further ahead than a clock that is right can have counted is from before the clock was set back: one attempt is let in, and counts from now.
        func believed(at now: Timestamp, longest: Duration, opening step: Duration) -> Count {
            guard until > now + longest else { return self }
            var count = self
            count.until = now + longest - step
            return count
        }
    }

    private func lock(_ key: String, of account: String?, at now: Timestamp, in tx: any WriteTransaction) throws -> Count {
        let row = try tx.first(
            """
            INSERT INTO sign_in_throttle (key, account, failures, until_ms, updated_at)
            VALUES (\(key), \(account), 0, 0, \(now))
            ON CONFLICT (key) DO UPDATE SET failures = sign_in_throttle.failures
            RETURNING failures, until_ms, succeeded_at, updated_at
            """)
        guard let row else { throw StorageError.unexpectedValue(column: "key") }
        return try count(row)
    }

    /// A count as it is; where there is none, what locking it would make.
    private func find(_ key: String, at now: Timestamp, in tx: any ReadTransaction) throws -> Count {
        let row = try tx.first("SELECT failures, until_ms, succeeded_at, updated_at FROM sign_in_throttle WHERE key = \(key)")
        return try row.map(count) ?? Count(failures: 0, until: .epoch, succeededAt: nil, updatedAt: now)
    }

    private func count(_ row: Row) throws -> Count {
        Count(
            failures: try row["failures"], until: Timestamp(milliseconds: try row["until_ms"]), succeededAt: try row["succeeded_at"],
            updatedAt: try row["updated_at"])
    }

    private func save(_ key: String, failures: Int, until: Timestamp, at now: Timestamp, in tx: any WriteTransaction) throws {
        try tx.execute(
            "UPDATE sign_in_throttle SET failures = \(failures), until_ms = \(until.milliseconds), updated_at = \(now) WHERE key = \(key)")
    }

    private func believed(account: Count, at now: Timestamp) -> Count {
        account.believed(at: now, longest: limits.account.whole, opening: limits.account.refill)
    }

    private func believed(pair: Count, at now: Timestamp) -> Count {
        pair.believed(at: now, longest: limits.longestDelay, opening: limits.longestDelay)
    }

    private func isKnown(_ pair: Count, at now: Timestamp) -> Bool { pair.succeededAt.map { now - $0 < limits.acquaintance } ?? false }

    /// When the next attempt is looked at: who is known at the address waits for their pair alone.
    private func opening(address: Count, account: Count, pair: Count, at now: Timestamp) -> Timestamp {
        guard !isKnown(pair, at: now) else { return pair.until }
        return max(pair.until, opening(of: limits.address, filledUntil: address.until), opening(of: limits.account, filledUntil: account.until))
    }

    /// When a bucket takes its next attempt: it holds `size` of them, and `until` is the moment at which it would be empty again.
    private func opening(of bucket: SignInLimits.Bucket, filledUntil until: Timestamp) -> Timestamp {
        until - .milliseconds(bucket.refill.milliseconds * Int64(bucket.size - 1))
    }

    private func delay(after failures: Int) -> Duration {
        guard failures >= limits.freeAttempts else { return .zero }
        return min(.seconds(Int64(1) << Int64(min(failures - limits.freeAttempts, 20))), limits.longestDelay)
    }
}
