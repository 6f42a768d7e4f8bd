package import Primitives
package import Storage

/// That somebody has a second factor.
package struct SecondFactor: Hashable, Sendable {
    package let enrolledAt: Timestamp
    /// Unused ones.
    package let recoveryCodes: Int
}

/// What was spent in a second step.
package enum SpentCode: String, Hashable, Sendable {
    case oneTimeCode = "one_time_code"
    case recoveryCode = "recovery_code"
}

/// People's authenticator keys, sealed, and their recovery codes, by digest.
package struct SecondFactors: Sendable {
    private let master: MasterKey
    private let randomness: any RandomSource

    package init(master: MasterKey, randomness: any RandomSource) {
        self.master = master
        self.randomness = randomness
    }

    package func find(of person: PersonID, in tx: any ReadTransaction) throws -> SecondFactor? {
        let row = try tx.first(
            """
            SELECT enrolled_at, (SELECT COUNT(*) FROM recovery_code WHERE person_id = \(person) AND used_at IS NULL) AS recovery_codes
            FROM second_factor
            WHERE person_id = \(person)
            """)
        return try row.map { SecondFactor(enrolledAt: try $0["enrolled_at"], recoveryCodes: try $0["recovery_codes"]) }
    }

    package static func isEnrolled(_ person: PersonID, in tx: any ReadTransaction) throws -> Bool {
        try tx.first("SELECT person_id FROM second_factor WHERE person_id = \(person)") != nil
    }

    /// Spends what was typed: a one-time code or a recovery code.
    /// - Returns: `nil` when it is neither, or was spent before; the statement itself decides, so two cannot both win.
    func spend(_ typed: String, of person: PersonID, at now: Timestamp, in tx: any WriteTransaction) throws -> SpentCode? {
        if let code = OneTimeCode(typed) { return try spend(code, of: person, at: now, in: tx) ? .oneTimeCode : nil }
        if let code = RecoveryCode(typed) { return try spend(code, of: person, at: now, in: tx) ? .recoveryCode : nil }
        return nil
    }

    /// RFC 6238 §5.2: a code is taken once. With its step every earlier one is spent, whatever the clock does afterwards.
    private func spend(_ code: OneTimeCode, of person: PersonID, at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        guard let row = try tx.first("SELECT sealed_key FROM second_factor WHERE person_id = \(person)") else { return false }
        let sealed: String = try row["sealed_key"]
        guard let step = try open(sealed, of: person).step(of: code, at: now) else { return false }
        return try tx.execute(
            """
            UPDATE second_factor SET last_step = \(step.number)
            WHERE person_id = \(person) AND sealed_key = \(sealed) AND last_step < \(step.number)
            """) == 1
    }

    private func spend(_ code: RecoveryCode, of person: PersonID, at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        try tx.execute(
            "UPDATE recovery_code SET used_at = \(now) WHERE digest = \(code.digest) AND person_id = \(person) AND used_at IS NULL") == 1
    }

    /// Ten new recovery codes in place of all there are.
    func renewRecoveryCodes(of person: PersonID, at now: Timestamp, in tx: any WriteTransaction) throws -> [RecoveryCode] {
        try tx.execute("DELETE FROM recovery_code WHERE person_id = \(person)")
        let codes = (0..<RecoveryCode.count).map { _ in RecoveryCode.random(from: randomness) }
        for code in codes {
            try tx.execute("INSERT INTO recovery_code (digest, person_id, created_at) VALUES (\(code.digest), \(person), \(now))")
        }
        return codes
    }

    /// - Returns: whether there was one.
    func remove(of person: PersonID, in tx: any WriteTransaction) throws -> Bool {
        try tx.execute("DELETE FROM recovery_code WHERE person_id = \(person)")
        try tx.execute("DELETE FROM second_factor_enrolment WHERE person_id = \(person)")
        return try tx.execute("DELETE FROM second_factor WHERE person_id = \(person)") == 1
    }
}

// MARK: Enrolment

extension SecondFactors {
    /// How long a new key waits for its first code.
    static let enrolmentLifetime = Duration.minutes(30)

    /// Makes a key that waits for its first code, in the session that asked for it. A newer one replaces it.
    package func begin(for person: PersonID, in session: SessionID, at now: Timestamp, in tx: any WriteTransaction) throws {
        let sealed = seal(.random(from: randomness), of: person)
        try tx.execute(
            """
            INSERT INTO second_factor_enrolment (person_id, session_id, sealed_key, expires_at)
            VALUES (\(person), \(session), \(sealed), \(now + Self.enrolmentLifetime))
            ON CONFLICT (person_id) DO UPDATE SET session_id = \(session), sealed_key = \(sealed), expires_at = \(now + Self.enrolmentLifetime)
            """)
    }

    /// The key that waits in this session: for the page that shows it.
    package func waitingKey(of person: PersonID, in session: SessionID, at now: Timestamp, in tx: any ReadTransaction) throws -> AuthenticatorKey? {
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
    @discardableResult
    package func purge(at now: Timestamp, in tx: any WriteTransaction) throws -> Int {
        try tx.execute("DELETE FROM second_factor_enrolment WHERE expires_at < \(now)")
    }
}

// MARK: Sealing

extension SecondFactors {
    /// A key is sealed for its person: in another's row it does not open.
    private func sealer(of person: PersonID) -> Sealer { Sealer(master, purpose: "second-factor/\(person)") }

    private func seal(_ key: AuthenticatorKey, of person: PersonID) -> String { sealer(of: person).seal(key.bytes) }

    private func open(_ sealed: String, of person: PersonID) throws -> AuthenticatorKey {
        guard let key = sealer(of: person).open(sealed).flatMap(AuthenticatorKey.init(bytes:)) else {
            throw StorageError.unexpectedValue(column: "sealed_key")
        }
        return key
    }

    /// What the apps of those who enrolled, or began to, show at a moment, the newest first. For the demo alone, whose mailbox stands for the phone:
    /// whoever could call this would need nobody's phone.
    package func codesForDemo(
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
