public import Primitives
internal import Storage

/// Who proved which password, and when. A sign-in begins its session after it, at once or after a one-time code; on the way to the code it travels sealed in
/// the browser. It is no session and opens nothing by itself.
public struct FirstStep: Hashable, Codable, Sendable {
    public let person: PersonID
    /// Of the password's encoding: a step with a password that was changed since leads nowhere.
    public let password: Digest
    public let provedAt: Timestamp

    public static let lifetime = Duration.minutes(5)

    init(person: PersonID, passwordHash: String, at now: Timestamp) {
        self.init(person: person, password: Digest(of: passwordHash), provedAt: now)
    }

    /// One that was on its way through the browser.
    public init(person: PersonID, password: Digest, provedAt: Timestamp) {
        self.person = person
        self.password = password
        self.provedAt = provedAt
    }

    public func isOpen(at now: Timestamp) -> Bool { now < provedAt + Self.lifetime && now > provedAt - Self.lifetime }
}

/// Why what somebody proved in their session is not acted on.
public enum ProofRefusal: Hashable, Sendable {
    /// The password was changed since: the one that was proved is a wrong one.
    case wrongPassword
    /// The session has ended since.
    case signedOut
}

extension FirstStep {
    /// Whose password it is, as long as it is: asked in the transaction that acts on it. A password that is set anew ends every session, and what the old one
    /// opens must not come behind that end.
    /// - Returns: `nil` when the password was changed since, or its owner disabled.
    func holder(in tx: any WriteTransaction) throws -> Person? {
        let people = People()
        guard let hash = try people.passwordHash(of: person, in: tx), constantTimeEqual(Digest(of: hash).text, password.text),
            // Changes nothing, but holds the row: a new password waits for what is done here, or this waits for it and finds it.
            try tx.execute("UPDATE person SET password_hash = \(hash) WHERE id = \(person) AND password_hash = \(hash) AND disabled_at IS NULL") == 1
        else { return nil }
        return try people.find(person, in: tx)
    }

    /// Why this proof is not acted on in the session of whoever gave it; `nil` when it may be.
    func refusal(in session: Session, at now: Timestamp, in tx: any WriteTransaction) throws -> ProofRefusal? {
        let isRight = try person == session.person.id && holder(in: tx) != nil
        let live = try tx.first("SELECT id FROM session WHERE id = \(session.id) AND ended_at IS NULL AND expires_at > \(now)")
        guard live != nil else { return .signedOut }
        return isRight ? nil : .wrongPassword
    }
}
