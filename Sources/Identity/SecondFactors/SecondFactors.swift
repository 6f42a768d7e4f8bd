public import Primitives
public import Storage

/// That somebody has a second factor.
public struct SecondFactor: Hashable, Sendable {
    public let enrolledAt: Timestamp
    /// Unused ones.
    public let recoveryCodes: Int
}

/// What was spent in a second step.
public enum SpentCode: String, Hashable, Sendable {
    case oneTimeCode = "one_time_code"
    case recoveryCode = "recovery_code"
}

/// People's authenticator keys, sealed, and their recovery codes, by digest.
public struct SecondFactors: Sendable {
    private let rootKey: RootKey
    let randomness: any RandomSource

    public init(rootKey: RootKey, randomness: any RandomSource) {
        self.rootKey = rootKey
        self.randomness = randomness
    }

    public func find(of person: PersonID, in tx: any ReadTransaction) throws -> SecondFactor? {
        let row = try tx.first(
            """
            SELECT enrolled_at, (SELECT COUNT(*) FROM recovery_code WHERE person_id = \(person) AND used_at IS NULL) AS recovery_codes
            FROM second_factor
            WHERE person_id = \(person)
            """)
        return try row.map { SecondFactor(enrolledAt: try $0["enrolled_at"], recoveryCodes: try $0["recovery_codes"]) }
    }

    public static func isEnrolled(_ person: PersonID, in tx: any ReadTransaction) throws -> Bool {
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

    /// Takes the key away, one that waits for its first code too, and the recovery codes.
    /// - Returns: whether there was one.
    static func remove(of person: PersonID, in tx: any WriteTransaction) throws -> Bool {
        try tx.execute("DELETE FROM recovery_code WHERE person_id = \(person)")
        try tx.execute("DELETE FROM second_factor_enrolment WHERE person_id = \(person)")
        return try tx.execute("DELETE FROM second_factor WHERE person_id = \(person)") == 1
    }
}

extension SecondFactors {
    /// A key is sealed for its person: in another's row it does not open.
    private func sealer(of person: PersonID) -> Sealer { Sealer(rootKey, purpose: "second-factor/\(person)") }

    func seal(_ key: AuthenticatorKey, of person: PersonID) -> String { sealer(of: person).seal(key.bytes) }

    func open(_ sealed: String, of person: PersonID) throws -> AuthenticatorKey {
        guard let key = sealer(of: person).open(sealed).flatMap(AuthenticatorKey.init(bytes:)) else {
            throw StorageError.unexpectedValue(column: "sealed_key")
        }
        return key
    }
}
