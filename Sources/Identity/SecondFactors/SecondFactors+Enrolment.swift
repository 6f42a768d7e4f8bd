public import Primitives
public import Storage

extension SecondFactors {
    /// How long a new key waits for its first code.
    static let enrolmentLifetime = Duration.minutes(30)

    /// Makes a key that waits for its first code, in the session that asked for it. A newer one replaces it.
    public func begin(for person: PersonID, in session: SessionID, at now: Timestamp, in tx: any WriteTransaction) throws {
        let sealed = seal(.random(from: randomness), of: person)
        try tx.execute(
            """
            INSERT INTO second_factor_enrolment (person_id, session_id, sealed_key, expires_at)
            VALUES (\(person), \(session), \(sealed), \(now + Self.enrolmentLifetime))
            ON CONFLICT (person_id) DO UPDATE SET session_id = \(session), sealed_key = \(sealed), expires_at = \(now + Self.enrolmentLifetime)
            """)
    }

    /// The key that waits in this session: for the page that shows it.
    public func waitingKey(of person: PersonID, in session: SessionID, at now: Timestamp, in tx: any ReadTransaction) throws -> AuthenticatorKey? {
        try waiting(of: person, in: session, at: now, in: tx).map { try open($0, of: person) }
    }

    private func waiting(of person: PersonID, in session: SessionID, at now: Timestamp, in tx: any ReadTransaction) throws -> String? {
        let row = try tx.first(
            "SELECT sealed_key FROM second_factor_enrolment WHERE person_id = \(person) AND session_id = \(session) AND expires_at > \(now)")
        return try row.map { try $0["sealed_key"] }
    }

    /// Takes the first code of the key that waits.
    /// - Returns: the recovery codes; `nil` when the code is not the key's, nothing waits, or there is a factor already.
    func confirm(
        _ typed: String, of person: PersonID, in session: SessionID, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> [RecoveryCode]? {
        guard let code = OneTimeCode(typed), let sealed = try waiting(of: person, in: session, at: now, in: tx),
            let step = try open(sealed, of: person).step(of: code, at: now)
        else { return nil }
        // Of two confirmations at once one finds the key still waiting.
        guard try tx.execute("DELETE FROM second_factor_enrolment WHERE person_id = \(person) AND sealed_key = \(sealed)") == 1 else { return nil }
        let enrolled =
            try tx.execute(
                """
                INSERT INTO second_factor (person_id, sealed_key, last_step, enrolled_at)
                VALUES (\(person), \(sealed), \(step.number), \(now))
                ON CONFLICT (person_id) DO NOTHING
                """) == 1
        return enrolled ? try renewRecoveryCodes(of: person, at: now, in: tx) : nil
    }

    /// Forgets keys that nobody confirmed: a background job.
    /// - Returns: how many, at most `limit`.
    @discardableResult
    public static func purge(at now: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            """
            DELETE FROM second_factor_enrolment
            WHERE person_id IN (SELECT person_id FROM second_factor_enrolment WHERE expires_at < \(now) ORDER BY expires_at LIMIT \(limit))
                AND expires_at < \(now)
            """)
    }

    /// What the apps of those who enrolled, or began to, show at a moment, the newest first. For the demo alone, whose mailbox stands for the phone:
    /// whoever could call this would need nobody's phone.
    public func codesForDemo(
        at now: Timestamp, limit: Int, in tx: any ReadTransaction
    ) throws -> [(person: PersonID, code: String, secondsLeft: Int)] {
        try tx.all(
            """
            SELECT person_id, sealed_key, expires_at AS ordered_by FROM second_factor_enrolment WHERE expires_at > \(now)
            UNION ALL
            SELECT person_id, sealed_key, enrolled_at AS ordered_by FROM second_factor
            ORDER BY ordered_by DESC
            LIMIT \(limit)
            """
        ).map { row in
            let person: PersonID = try row["person_id"]
            let code = try open(try row["sealed_key"], of: person).code(at: now)
            return (person, code, TimeStep(at: now).secondsLeft(at: now))
        }
    }
}
