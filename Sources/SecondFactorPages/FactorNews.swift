internal import Identity
internal import Mail
internal import Primitives

/// What happened to somebody's second factor, as the mail about it tells.
public enum FactorNews: CaseIterable, Sendable {
    case turnedOn
    case turnedOff
    case recoveryCodesRenewed
    case recoveryCodeUsed
    /// Taken away by the bank, for somebody who lost phone and codes.
    case reset

    var subject: String {
        switch self {
        case .turnedOn: "Two-step sign-in is on"
        case .turnedOff: "Two-step sign-in is off"
        case .recoveryCodesRenewed: "You have new recovery codes"
        case .recoveryCodeUsed: "A recovery code was used"
        case .reset: "Your two-step sign-in was reset"
        }
    }

    private var sentence: String {
        switch self {
        case .turnedOn: "from now on signing in to your account takes a one-time code after the password."
        case .turnedOff: "from now on the password alone signs in to your account."
        case .recoveryCodesRenewed: "your account has ten new recovery codes. The old ones do not work any more."
        case .recoveryCodeUsed: "somebody, most likely you, signed in to your account with a recovery code. It does not work any more."
        case .reset: "the bank turned off the two-step sign-in of your account, as you asked. The password alone signs in until you turn it on again."
        }
    }

    /// - Parameter home: where the person can look at it.
    /// - Returns: `nil` for somebody without an address.
    func message(to person: Person, home: String, at now: Timestamp) -> Message? {
        guard let email = person.email else { return nil }
        let paragraphs = [
            "Hello \(person.givenName),", sentence, "If it was not you, change your password at once and look here:", home, "Wekeza Open Platform",
        ]
        return Message(to: email, subject: subject, text: paragraphs.joined(separator: "\n\n") + "\n", sentAt: now)
    }
}
