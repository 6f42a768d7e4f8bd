/// What the authenticator app of somebody in the demo shows now, so that nobody who tries the demo needs a phone.
public struct PhoneEntry: Encodable, Sendable {
    public let name: String
    public let code: String
    /// Seconds for which the app shows it.
    public let secondsLeft: Int

    public init(name: String, code: String, secondsLeft: Int) {
        self.name = name
        self.code = code
        self.secondsLeft = secondsLeft
    }
}
