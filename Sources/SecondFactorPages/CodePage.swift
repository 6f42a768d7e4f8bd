public import Pages
internal import Primitives
internal import Web

/// The page that asks for the code of a second step: at a sign-in, and on the way from an app.
public struct CodePage: Encodable, Sendable {
    /// The app that sent the customer here.
    public struct Asker: Encodable, Sendable {
        public let name, initials, leaveAddress: String

        public init(name: String, initials: String, leaveAddress: String) {
            self.name = name
            self.initials = initials
            self.leaveAddress = leaveAddress
        }
    }

    let heading, lead: String
    let action: String
    let csrf: String?
    /// The sealed transaction, on the way from an app.
    let transaction: String?
    let asker: Asker?
    let errors: ErrorSummary?
    let delay: String?
    let code: Field
    let isRecovery: Bool
    /// The same page for the other kind of code.
    let otherAddress, otherLabel: String
    /// Where somebody else signs in.
    let restartAddress: String
    let isDemo: Bool

    /// - Parameters:
    ///   - address: the page's own; the query for a recovery code is added to it.
    ///   - restart: where somebody else signs in.
    ///   - wait: how long to wait, after too many failures.
    public init(
        address: String, action: String, restart: String, isRecovery: Bool, csrf: String?, transaction: String? = nil, asker: Asker? = nil,
        errors: FormErrors = FormErrors(),
        wait: Wait? = nil, isDemo: Bool
    ) {
        heading = isRecovery ? "Use a recovery code" : "Enter your one-time code"
        lead =
            isRecovery
            ? "One of the ten codes that you were shown when you turned on two-step sign-in. Each works once."
            : "Your authenticator app shows six digits for your Wekeza account. A new code comes every 30 seconds."
        self.action = action
        self.csrf = csrf
        self.transaction = transaction
        self.asker = asker
        self.errors = errors.summary
        delay = wait.map {
            "Too many codes were wrong, so we pause for a while. Try again in \($0.words). Nothing is locked, and nobody can lock you out for good."
        }
        code = Self.field(isRecovery: isRecovery, errors: errors)
        self.isRecovery = isRecovery
        otherAddress = isRecovery ? address : address + (address.contains("?") ? "&" : "?") + "recovery=1"
        otherLabel = isRecovery ? "Use a one-time code" : "Use a recovery code"
        restartAddress = restart
        self.isDemo = isDemo && !isRecovery
    }

    static func field(isRecovery: Bool = false, hint: String? = nil, errors: FormErrors) -> Field {
        isRecovery
            ? .text("code", "Recovery code", hint: hint, errors: errors, autocomplete: "off")
            : .text("code", "One-time code", hint: hint, errors: errors, autocomplete: "one-time-code", inputMode: "numeric")
    }

    public static func missing(isRecovery: Bool) -> String { isRecovery ? "Enter a recovery code" : "Enter the one-time code" }

    public static func refusal(isRecovery: Bool) -> String {
        isRecovery
            ? "This is not one of your recovery codes, or it was used before. Check it and try again."
            : "This code is not right, or it was used before. Wait for the next one and try again."
    }

    public static let title = "Second step"
}
