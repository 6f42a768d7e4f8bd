package import Primitives

/// One mail that the demo kept instead of sending.
package struct MailboxEntry: Sendable {
    package let to: String
    package let subject: String
    package let text: String
    package let sentAt: Timestamp

    package init(to: String, subject: String, text: String, sentAt: Timestamp) {
        self.to = to
        self.subject = subject
        self.text = text
        self.sentAt = sentAt
    }
}
