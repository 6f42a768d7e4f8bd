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
            VALUES (\(consent), \(wish.customer), \(wish.decision), \(wish.accountsText), \(now + Self.lifetime))
            ON CONFLICT (consent_id) DO UPDATE
            SET customer = excluded.customer, decision = excluded.decision, accounts = excluded.accounts, expires_at = excluded.expires_at
            """)
    }

    func find(for consent: ConsentID, at now: Timestamp, in tx: any ReadTransaction) throws -> RobotWish? {
        guard let row = try tx.first("SELECT customer, decision, accounts FROM robot_wish WHERE consent_id = \(consent) AND expires_at > \(now)")
        else { return nil }
        let accounts: String = try row["accounts"]
        return RobotWish(
            customer: try row["customer"], decision: try row["decision"], accounts: accounts.split(separator: " ").compactMap { AccountID(String($0)) })
    }

    /// Takes the wish away: one authorization request is answered with it.
    /// - Returns: `false` when another request took it, or a later wish its place.
    func take(_ wish: RobotWish, for consent: ConsentID, in tx: any WriteTransaction) throws -> Bool {
        try tx.execute(
            """
            DELETE FROM robot_wish
            WHERE consent_id = \(consent) AND customer = \(wish.customer) AND decision = \(wish.decision) AND accounts = \(wish.accountsText)
            """) == 1
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

extension RobotWish {
    fileprivate var accountsText: String { accounts.map(\.rawValue).joined(separator: " ") }
}

extension RobotWish.Decision: SQLBindable, SQLReadable {}
