import Events
package import Primitives
package import Storage

/// Confirming an email address by the link that was sent to it.
package struct EmailConfirmation: Sendable {
    private let links: OneTimeLinks
    private let people = People()
    private let audit = AuditLog()

    package init(randomness: any RandomSource) { links = OneTimeLinks(randomness: randomness) }

    /// Asks for another link.
    /// - Returns: `nil` when the address is confirmed, or the last link is younger than a minute.
    package func ask(for person: Person, at now: Timestamp, in tx: any WriteTransaction) throws -> Secret? {
        guard try people.find(person.id, in: tx)?.hasConfirmedEmail == false else { return nil }
        return try links.issueSparingly(.confirmEmail, for: person.id, at: now, in: tx)
    }

    /// - Returns: whose address is confirmed now; `nil` for a link that does not work (any more).
    package func confirm(_ secret: String, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws -> Person? {
        guard let id = try links.spend(secret, .confirmEmail, at: now, in: tx) else { return nil }
        if try people.confirmEmail(of: id, at: now, in: tx) {
            try audit.append(AuditEntry(actor: .person(id), action: .emailConfirmed, subject: id.rawValue, requestID: requestID, at: now), in: tx)
        }
        return try people.find(id, in: tx)
    }

    /// Corrects the address of somebody who has not confirmed one yet. Links that went to the old one stop working.
    /// - Returns: `nil` when the address is taken, or the person has confirmed one.
    package func changeAddress(
        of person: PersonID, to email: EmailAddress, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> (person: Person, confirm: Secret)? {
        guard let before = try people.find(person, in: tx), before.population == .developer, !before.hasConfirmedEmail else { return nil }
        let changed = try tx.execute(
            """
            UPDATE person SET email = \(email.text), sign_in_name = \(email.text)
            WHERE id = \(person) AND email_confirmed_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM person AS other
                WHERE other.population = \(before.population) AND other.world = '' AND other.sign_in_name = \(email.text) AND other.id <> \(person))
            """)
        guard changed == 1, let after = try people.find(person, in: tx) else { return nil }
        for purpose in LinkPurpose.allCases { try links.supersede(purpose, of: person, at: now, in: tx) }
        try audit.append(
            AuditEntry(
                actor: .person(person), action: .emailChanged, subject: person.rawValue, before: ["email": before.email ?? ""],
                after: ["email": email.text], requestID: requestID, at: now),
            in: tx)
        return (after, try links.issue(.confirmEmail, for: person, at: now, in: tx))
    }
}
