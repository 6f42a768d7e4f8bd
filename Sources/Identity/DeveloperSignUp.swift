import Events
import Passwords
package import Primitives
package import Storage

/// A developer signing up. Who has an account already gets the same answer on the page as a newcomer; only their mailbox learns the difference.
///
/// The organisation is made beside it in the same transaction, by the room that knows both.
package struct DeveloperSignUp: Sendable {
    private let links: OneTimeLinks
    private let randomness: any RandomSource
    private let people = People()
    private let audit = AuditLog()

    package init(randomness: any RandomSource) {
        links = OneTimeLinks(randomness: randomness)
        self.randomness = randomness
    }

    /// A form without mistakes.
    package struct Form: Sendable {
        package let name: String
        package let email: EmailAddress
        package let company: String
        package let password: String
    }

    /// What to mend, by field: `name`, `email`, `company`, `password`.
    package struct Mistakes: Error, Hashable, Sendable {
        package private(set) var entries: [Entry] = []

        package struct Entry: Hashable, Sendable {
            package let field: String
            package let message: String
        }

        mutating func add(_ field: String, _ message: String) { entries.append(Entry(field: field, message: message)) }
    }

    /// - Parameter company: `nil` for somebody who joins an organisation by invitation.
    package static func check(name: String, email: String, company: String?, password: String) -> Result<Form, Mistakes> {
        var mistakes = Mistakes()
        let name = PlainLine.tidy(name)
        let company = company.map(PlainLine.tidy)
        if name.isEmpty { mistakes.add("name", "Enter your name") } else if name.count > 60 { mistakes.add("name", "Use at most 60 characters for your name") }
        let address = EmailAddress(email)
        if email.allSatisfy(\.isWhitespace) {
            mistakes.add("email", "Enter your work email")
        } else if address == nil {
            mistakes.add("email", "Enter an email address such as wanjiku@example.com")
        }
        if let company, company.isEmpty { mistakes.add("company", "Enter your company’s name") }
        if let company, company.count > 60 { mistakes.add("company", "Use at most 60 characters for your company’s name") }
        let personal = [name, address?.text ?? "", company ?? ""]
        if let refusal = PasswordRules().refusal(of: password, personal: personal) { mistakes.add("password", refusal.message) }
        guard mistakes.entries.isEmpty, let address else { return .failure(mistakes) }
        return .success(Form(name: name, email: address, company: company ?? "", password: password))
    }

    /// What happened, for the mail that goes out after the commit; the page says the same in each case.
    package enum Outcome: Sendable {
        /// - confirm: the secret of the link that confirms the email; `nil` when an invitation's link proved it.
        case created(Person, confirm: Secret?)
        /// Signed up before and never confirmed: a new link, unless the last one is younger than a minute. The password stays the first one.
        case unconfirmed(Person, confirm: Secret?)
        case existing(Person)
    }

    /// - Parameters:
    ///   - passwordHash: of the form's password; made before the transaction.
    ///   - emailIsProved: whether the person came by a link that was sent to this address.
    package func register(
        _ form: Form, passwordHash: String, emailIsProved: Bool = false, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Outcome {
        let new = NewPerson(
            id: .random(from: randomness), population: .developer, signInName: form.email.text, name: form.name, email: form.email.text,
            emailConfirmedAt: emailIsProved ? now : nil, passwordHash: passwordHash)
        guard let person = try people.create(new, at: now, in: tx) else { return try meet(form, at: now, in: tx) }
        try audit.append(
            AuditEntry(
                actor: .person(person.id), action: .signedUp, subject: person.id.rawValue, after: ["email": form.email.text, "name": form.name],
                requestID: requestID, at: now),
            in: tx)
        return .created(person, confirm: emailIsProved ? nil : try links.issue(.confirmEmail, for: person.id, at: now, in: tx))
    }

    private func meet(_ form: Form, at now: Timestamp, in tx: any WriteTransaction) throws -> Outcome {
        guard let person = try people.find(signInName: form.email.text, population: .developer, in: tx) else {
            throw StorageError.conflict(constraint: "person_by_sign_in_name")
        }
        guard !person.hasConfirmedEmail else { return .existing(person) }
        return .unconfirmed(person, confirm: try links.issueSparingly(.confirmEmail, for: person.id, at: now, in: tx))
    }
}

/// A name as people type it, on one line: outer space gone, inner space single, control characters out.
package enum PlainLine {
    package static func tidy(_ text: String) -> String {
        text.split { $0.isWhitespace || $0.unicodeScalars.contains { $0.properties.generalCategory == .control } }.joined(separator: " ")
    }
}
