import Applications
import Identity
import Mail
import Primitives
import Web

/// A mail of the portal, as it reads.
struct Letter: Sendable {
    let to: String
    let subject: String
    let text: String
    let asker: OutgoingMail.Asker

    private init(to: String, subject: String, askedBy asker: OutgoingMail.Asker = .recipient, _ paragraphs: [String]) {
        self.to = to
        self.subject = subject
        self.asker = asker
        text = (paragraphs + ["Wekeza Open Platform"]).joined(separator: "\n\n") + "\n"
    }

    static func confirmation(to person: Person, link: Secret, issuer: Issuer) -> Letter {
        Letter(
            to: person.email ?? "", subject: "Confirm your email",
            [
                "Hello \(person.givenName),",
                "somebody, most likely you, signed up for the Wekeza Open Platform with this address. Open this page and press the button to confirm it:",
                issuer.address("/portal/confirm?token=\(link.value)"),
                "The link works once, for 24 hours. If it was not you, do nothing.",
            ])
    }

    static func alreadySignedUp(to person: Person, issuer: Issuer) -> Letter {
        Letter(
            to: person.email ?? "", subject: "You have an account already",
            [
                "Hello \(person.givenName),",
                "somebody, most likely you, tried to sign up for the Wekeza Open Platform with this address. You have an account already; sign in here:",
                issuer.address("/portal/sign-in"),
                "If you forgot the password, choose a new one here:",
                issuer.address("/portal/forgotten-password"),
                "If it was not you, do nothing: nothing was changed.",
            ])
    }

    static func passwordReset(to person: Person, link: Secret, issuer: Issuer) -> Letter {
        Letter(
            to: person.email ?? "", subject: "Choose a new password",
            [
                "Hello \(person.givenName),", "somebody, most likely you, asked for a new password. Choose it here:",
                issuer.address("/portal/reset-password?token=\(link.value)"),
                "The link works once, for 30 minutes. If it was not you, do nothing: your password stays as it is.",
            ])
    }

    static func passwordChanged(to person: Person, issuer: Issuer) -> Letter {
        Letter(
            to: person.email ?? "", subject: "Your password was changed",
            [
                "Hello \(person.givenName),", "the password of your account was changed, and everybody who was signed in to it was signed out.",
                "If it was not you, choose a new password at once:", issuer.address("/portal/forgotten-password"),
            ])
    }

    static func invitation(_ invitation: Invitation, to organisation: Organisation, by inviter: Person, link: Secret, issuer: Issuer) -> Letter {
        Letter(
            to: invitation.email, subject: "Join \(organisation.name) on the Wekeza Open Platform", askedBy: .somebodyElse,
            [
                "Hello,", "\(inviter.name) asks you to join \(organisation.name) on the Wekeza Open Platform. Open this page to accept:",
                issuer.address("/portal/invitation?token=\(link.value)"),
                "The link works once, for 7 days, and only for \(invitation.email). If you do not know \(inviter.name), do nothing.",
            ])
    }
}

extension Letter {
    fileprivate func message(at now: Timestamp) -> Message { Message(to: to, subject: subject, text: text, sentAt: now) }
}

extension OutgoingMail {
    func send(_ letter: Letter, at now: Timestamp) { send(letter.message(at: now), askedBy: letter.asker) }

    func send(at now: Timestamp, _ write: @escaping @Sendable () async throws -> Letter?) {
        send { try await write()?.message(at: now) }
    }
}
