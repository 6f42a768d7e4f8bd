public import Primitives

/// A mail in plain text to one person.
public struct Message: Hashable, Sendable {
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

extension Message {
    /// RFC 6761 §6.2: addresses below `.test` are nobody's. The made-up customers of sandboxes have them.
    var isForNobody: Bool { to.lowercased().hasSuffix(".test") }
}

/// Where mail goes out.
public protocol Mailer: Sendable {
    /// - Throws: `MailFailure`.
    func send(_ mail: Message) async throws
}

/// Why a mail did not go out. Carries neither addresses nor text.
public enum MailFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// An address or a subject that would break out of its header line.
    case unsafeHeader
    /// Too many mails wait.
    case queueFull
    /// The mail host refused it; libcurl's words.
    case notSent(reason: String)
    /// The mail host is busy or could not be reached: another attempt may succeed.
    case notYet(reason: String)

    public var description: String {
        switch self {
        case .unsafeHeader: "an address or subject holds characters that a mail header cannot"
        case .queueFull: "too many mails wait to be sent"
        case .notSent(let reason), .notYet(let reason): "mail was not sent: \(reason)"
        }
    }
}
