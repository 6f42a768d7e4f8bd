/// What the authenticator app of somebody in the demo shows now, so that nobody who tries the demo needs a phone.
package struct PhoneEntry: Encodable, Sendable {
    package let name: String
    package let code: String
    /// Seconds for which the app shows it.
    package let secondsLeft: Int

    package init(name: String, code: String, secondsLeft: Int) {
        self.name = name
        self.code = code
        self.secondsLeft = secondsLeft
    }
}
