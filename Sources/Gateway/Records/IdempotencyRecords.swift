public import Primitives
public import Storage
internal import HTTPTypes
internal import OpenBanking

/// One request's hold on an idempotency key, which belongs to an app and a route.
public struct IdempotencyClaim: Hashable, Sendable {
    public let appID: AppID
    /// The contract's `operationId`.
    public let route: String
    public let key: String
    /// The digest of the body's canonical form.
    public let payload: Digest
    /// Tells this claim from one that takes the key over: the request's id.
    public let token: RequestID

    public init(appID: AppID, route: String, key: String, payload: Digest, token: RequestID) {
        self.appID = appID
        self.route = route
        self.key = key
        self.payload = payload
        self.token = token
    }
}

/// What a key turned out to be.
public enum IdempotencyOutcome: Sendable {
    case won
    /// The first request's answer.
    case replay(UpstreamAnswer)
    case otherPayload
    case inFlight
}

/// The keys of the last day and their answers. A claim is a row before anything is done; its answer is written in the transaction that does it.
public struct IdempotencyRecords: Sendable {
    public init() {}

    /// A claim without an answer after this long belongs to a process that died: another may take the key over.
    static let staleness = Duration.seconds(60)
    /// How far ahead of ours another node's clock may be: a claim from beyond was made before the clock was set back, by a process that is gone.
    static let skew = Duration.seconds(10)

    public func claim(_ claim: IdempotencyClaim, at now: Timestamp, in tx: any WriteTransaction) throws -> IdempotencyOutcome {
        let inserted = try tx.execute(
            """
            INSERT INTO idempotency_key (app_id, route, key, payload, claim_token, claimed_at)
            VALUES (\(claim.appID), \(claim.route), \(claim.key), \(claim.payload), \(claim.token), \(now))
            ON CONFLICT (app_id, route, key) DO NOTHING
            """)
        if inserted == 1 { return .won }
        guard
            let row = try tx.first(
                """
                SELECT payload, claim_token, claimed_at, status, headers, body
                FROM idempotency_key
                WHERE app_id = \(claim.appID) AND route = \(claim.route) AND key = \(claim.key)
                """)
        else { return .inFlight }  // released between the two statements: the caller comes back
        let claimedAt: Timestamp = try row["claimed_at"]
        let status: Int? = try row["status"]
        let payload: Digest = try row["payload"]
        let isOver = claimedAt <= now - IdempotencyKeyTerm.memory
        // Also where its process died: what it may have done was asked for by its own body.
        guard isOver || payload == claim.payload else { return .otherPayload }
        let isAbandoned = status == nil && (claimedAt <= now - Self.staleness || claimedAt > now + Self.skew)
        if isOver || isAbandoned { return try takeOver(claim, from: row["claim_token"], at: now, in: tx) ? .won : .inFlight }
        return status == nil ? .inFlight : .replay(try Self.kept(row))
    }

    /// What the same request was answered before, for one that may begin nothing any more.
    /// - Returns: `nil` when there is no answer, or it is another body's.
    func answer(to claim: IdempotencyClaim, at now: Timestamp, in tx: any ReadTransaction) throws -> UpstreamAnswer? {
        try tx.first(
            """
            SELECT status, headers, body
            FROM idempotency_key
            WHERE app_id = \(claim.appID) AND route = \(claim.route) AND key = \(claim.key)
                AND payload = \(claim.payload) AND claimed_at > \(now - IdempotencyKeyTerm.memory) AND status IS NOT NULL
            """
        ).map(Self.kept)
    }

    /// Keeps the answer.
    /// - Throws: `IdempotencyClaimLost` when another request took the key over, so that the caller's transaction rolls back: one of two must.
    public func complete(_ claim: IdempotencyClaim, with answer: UpstreamAnswer, in tx: any WriteTransaction) throws {
        let kept = try tx.execute(
            """
            UPDATE idempotency_key
            SET status = \(answer.status.code), headers = \(Self.text(answer.headers)), body = \(String(decoding: answer.body, as: UTF8.self))
            WHERE app_id = \(claim.appID) AND route = \(claim.route) AND key = \(claim.key) AND claim_token = \(claim.token)
            """)
        guard kept == 1 else { throw IdempotencyClaimLost() }
    }

    /// Keeps the answer in the transaction that does the work.
    /// - Parameter claim: `nil` when no key was sent.
    public func complete(_ claim: IdempotencyClaim?, with answer: UpstreamAnswer, in tx: any WriteTransaction) throws -> UpstreamAnswer {
        var kept = answer
        kept.isKept = true
        if let claim { try complete(claim, with: answer, in: tx) as Void }
        return kept
    }

    /// Lets the key go, because nothing was done under it.
    public func release(_ claim: IdempotencyClaim, in tx: any WriteTransaction) throws {
        try tx.execute(
            """
            DELETE FROM idempotency_key
            WHERE app_id = \(claim.appID) AND route = \(claim.route) AND key = \(claim.key) AND claim_token = \(claim.token) AND status IS NULL
            """)
    }

    /// Removes keys of yesterday.
    /// - Returns: how many went, at most `limit`.
    public func purge(at now: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        let end = now - IdempotencyKeyTerm.memory
        let rows = try tx.all("SELECT app_id, route, key FROM idempotency_key WHERE claimed_at <= \(end) ORDER BY claimed_at LIMIT \(limit)")
        for row in rows {
            let appID: AppID = try row["app_id"]
            let route: String = try row["route"]
            let key: String = try row["key"]
            try tx.execute(
                """
                DELETE FROM idempotency_key
                WHERE app_id = \(appID) AND route = \(route) AND key = \(key) AND claimed_at <= \(end)
                """)
        }
        return rows.count
    }

    /// Lets go of every key whose request was under way when the records were copied: nothing of it was done in these records. Some thousand keys a statement:
    /// there may be millions.
    public func releaseAll(in tx: any WriteTransaction) throws {
        var after = (appID: "", route: "", key: "")
        while true {
            let page = try tx.all(
                """
                SELECT app_id, route, key
                FROM idempotency_key
                WHERE (app_id, route, key) > (\(after.appID), \(after.route), \(after.key))
                ORDER BY app_id, route, key
                LIMIT 2000
                """)
            guard let last = page.last else { return }
            let end: (appID: String, route: String, key: String) = try (last["app_id"], last["route"], last["key"])
            try tx.execute(
                """
                DELETE FROM idempotency_key
                WHERE (app_id, route, key) > (\(after.appID), \(after.route), \(after.key))
                    AND (app_id, route, key) <= (\(end.appID), \(end.route), \(end.key)) AND status IS NULL
                """)
            after = end
        }
    }

    private func takeOver(_ claim: IdempotencyClaim, from token: RequestID, at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        try tx.execute(
            """
            UPDATE idempotency_key
            SET payload = \(claim.payload), claim_token = \(claim.token), claimed_at = \(now), status = NULL, headers = NULL, body = NULL
            WHERE app_id = \(claim.appID) AND route = \(claim.route) AND key = \(claim.key) AND claim_token = \(token)
            """) == 1
    }

    private static func kept(_ row: Row) throws -> UpstreamAnswer {
        let body: String = try row["body"]
        return UpstreamAnswer(status: HTTPResponse.Status(code: try row["status"]), headers: fields(try row["headers"]), body: Array(body.utf8))
    }

    /// `name: value` lines; values hold no line breaks, which HTTP forbids.
    private static func text(_ fields: HTTPFields) -> String { fields.map { "\($0.name.rawName): \($0.value)" }.joined(separator: "\n") }

    private static func fields(_ text: String) -> HTTPFields {
        var fields = HTTPFields()
        for line in text.split(separator: "\n") {
            guard let colon = line.firstRange(of: ": "), let name = HTTPField.Name(String(line[..<colon.lowerBound])) else { continue }
            fields[name] = String(line[colon.upperBound...])
        }
        return fields
    }
}

/// Another request took the key over while this one slept: what this one did is rolled back.
public struct IdempotencyClaimLost: Unavailability {
    public let isUnavailable = true
}
