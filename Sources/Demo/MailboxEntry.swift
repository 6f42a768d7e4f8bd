public import Primitives

/// One mail that the demo kept instead of sending.
public struct MailboxEntry: Sendable {
    public let to: String
    public let subject: String
    public let text: String
    public let sentAt: Timestamp

    public init(to: String, subject: String, text: String, sentAt: Timestamp) {
        self.to = to
        self.subject = subject
        self.text = text
        self.sentAt = sentAt
    }
}
