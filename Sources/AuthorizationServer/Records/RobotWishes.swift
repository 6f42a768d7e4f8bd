public import Primitives
public import Storage

/// What the robot customer is to do with each lodged consent, once.
public struct RobotWishes: Sendable {
    public init() {}

    /// A consent that nobody authorised ends after a day, and its wish with it.
    private static let lifetime = Duration.hours(24)

    /// A later wish takes the place of an earlier one.
    public func keep(_ wish: RobotWish, for consent: ConsentID, at now: Timestamp, in tx: any WriteTransaction) throws {
        try tx.execute(
            """
            INSERT INTO robot_wish (consent_id, customer, decision, accounts, expires_at)
            VALUES (\(consent), \(wish.customer), \(wish.decision), \(wish.accounts.map(\.rawValue).joined(separator: " ")), \(now + Self.lifetime))
            ON CONFLICT (consent_id) DO UPDATE
            SET customer = excluded.customer, decision = excluded.decision, accounts = excluded.accounts, expires_at = excluded.expires_at
            """)
    }

    /// Takes the wish away: one authorization request is answered with it.
    func take(for consent: ConsentID, at now: Timestamp, in tx: any WriteTransaction) throws -> RobotWish? {
        guard
            let row = try tx.first(
                "DELETE FROM robot_wish WHERE consent_id = \(consent) AND expires_at > \(now) RETURNING customer, decision, accounts")
        else { return nil }
        let accounts: String = try row["accounts"]
        return RobotWish(
            customer: try row["customer"], decision: try row["decision"], accounts: accounts.split(separator: " ").compactMap { AccountID(String($0)) })
    }

    /// Whether there is one: most consents have none, and taking one is a write.
    func exists(for consent: ConsentID, at now: Timestamp, in tx: any ReadTransaction) throws -> Bool {
        try tx.first("SELECT consent_id FROM robot_wish WHERE consent_id = \(consent) AND expires_at > \(now)") != nil
    }

    func purge(at now: Timestamp, limit: Int, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            """
            DELETE FROM robot_wish
            WHERE consent_id IN (SELECT consent_id FROM robot_wish WHERE expires_at <= \(now) ORDER BY expires_at LIMIT \(limit))
                AND expires_at <= \(now)
            """)
    }
}

extension RobotWish.Decision: SQLBindable, SQLReadable {}
