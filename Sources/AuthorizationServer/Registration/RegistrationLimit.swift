import Primitives
import Storage

/// How often apps are registered by one leave: so many in an hour. Counted in the database, so that all nodes count together.
struct RegistrationLimit: Sendable {
    static let window = Duration.hours(1)
    /// Without a token, from one address.
    static let ofAddress = 60
    /// With one initial access token, or for one organisation by statements.
    static let ofLeave = 120

    /// - Returns: how long to wait when there were too many; `nil` when this one may go on.
    func delay(of key: String, most: Int, at now: Timestamp, in tx: any WriteTransaction) throws -> Duration? {
        let row = try tx.first(
            """
            INSERT INTO registration_limit (key, window_started_at, registered)
            VALUES (\(key), \(now), 1)
            ON CONFLICT (key) DO UPDATE SET
                registered = CASE WHEN registration_limit.window_started_at <= \(now - Self.window) THEN 1 ELSE registration_limit.registered + 1 END,
                window_started_at = CASE WHEN registration_limit.window_started_at <= \(now - Self.window) THEN \(now)
                    ELSE registration_limit.window_started_at END
            RETURNING registered, window_started_at
            """)
        guard let row, case let registered:Int = try row["registered"], registered > most else { return nil }
        let startedAt: Timestamp = try row["window_started_at"]
        return max(.seconds(1), startedAt + Self.window - now)
    }

    func purge(at now: Timestamp, limit: Int, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            """
            DELETE FROM registration_limit
            WHERE key IN (SELECT key FROM registration_limit WHERE window_started_at < \(now - .hours(4)) ORDER BY window_started_at LIMIT \(limit))
                AND window_started_at < \(now - .hours(4))
            """)
    }
}
