public import Events
public import Primitives
public import Storage

/// Making an account for a member of staff: by the operator's command, never through a page.
public struct StaffEnrolment: Sendable {
    private let randomness: any RandomSource
    private let people = People()
    private let audit = AuditLog()

    public init(randomness: any RandomSource) { self.randomness = randomness }

    /// - Parameter name: one line, checked by `OneLine`.
    /// - Returns: `nil` when the address has an account already.
    public func create(
        name: String, email: EmailAddress, passwordHash: String, by actor: Actor, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> Person? {
        let new = NewPerson(
            id: .random(from: randomness), population: .staff, signInName: email.text, name: name, email: email.text,
            emailConfirmedAt: now, passwordHash: passwordHash)
        guard let person = try people.create(new, at: now, in: tx) else { return nil }
        try audit.append(
            AuditEntry(actor: actor, action: .staffCreated, subject: person.id.rawValue, after: ["email": email.text], requestID: nil, at: now),
            in: tx)
        return person
    }
}
