import Applications
import Events
import Identity
import Primitives
import Storage
import Web

/// What a transaction needs to know of its request.
struct RequestFacts: Sendable {
    let requestID: RequestID
    let now: Timestamp
    let issuer: Issuer

    init(_ context: AppContext) {
        requestID = context.requestID
        now = context.receivedAt
        issuer = context.issuer
    }
}

/// A sign-up that passed its form's checks.
struct Registration: Sendable {
    let person: PersonID
    let organisation: OrganisationID
    let name: String
    let email: EmailAddress
    let company: String
    let passwordHash: String
}

extension PortalSite {
    /// Makes the person, their organisation and its first owner in one transaction; for a known address nothing.
    /// - Returns: the mail for the address, which differs; `nil` when it got too many.
    func register(_ new: Registration, context: RequestFacts, in tx: any WriteTransaction) throws -> Letter? {
        let admitted = try MailLimit().admits(new.email.text, for: .signUp, at: context.now, in: tx)
        let person = try people.create(
            NewPerson(
                id: new.person, population: .developer, signInName: new.email.text, name: new.name, email: new.email.text, passwordHash: new.passwordHash),
            at: context.now, in: tx)
        guard let person else {
            let known = try people.find(signInName: new.email.text, population: .developer, in: tx)
            return admitted ? known.map { .alreadySignedUp(to: $0, issuer: context.issuer) } : nil
        }
        try AuditLog().append(
            AuditEntry(
                actor: .person(person.id), action: .signedUp, subject: person.id.rawValue, after: ["email": new.email.text], requestID: context.requestID,
                at: context.now),
            in: tx)
        _ = try organisations.create(
            id: new.organisation, name: new.company, owner: person.id, by: .person(person.id), at: context.now, requestID: context.requestID, in: tx)
        let link = try links.issue(.confirmEmail, for: person.id, at: context.now, in: tx)
        return admitted ? .confirmation(to: person, link: link, issuer: context.issuer) : nil
    }

    /// The mail that the sign-up sent, once more.
    func letterToSignUpAgain(_ pending: PendingSignUp, _ facts: RequestFacts, in tx: any WriteTransaction) throws -> Letter? {
        guard try MailLimit().admits(pending.email, for: .confirmation, at: facts.now, in: tx) else { return nil }
        guard let person = try people.find(pending.person, in: tx) else {
            let known = try people.find(signInName: pending.email, population: .developer, in: tx)
            return known.map { .alreadySignedUp(to: $0, issuer: facts.issuer) }
        }
        return try confirmationLetter(to: person, facts, in: tx)
    }

    /// A confirmation mail with a new link; `nil` when there is nothing to confirm.
    func confirmationLetter(to person: Person, _ facts: RequestFacts, in tx: any WriteTransaction) throws -> Letter? {
        guard !person.hasConfirmedEmail, person.isActive, person.email != nil else { return nil }
        return .confirmation(to: person, link: try links.issue(.confirmEmail, for: person.id, at: facts.now, in: tx), issuer: facts.issuer)
    }
}
