internal import Synchronization

/// Demo mode's mail: kept in memory and shown at `/demo/mailbox`. Nothing leaves the machine.
public final class MemoryMailbox: Mailer {
    private let kept = Mutex<[Message]>([])
    private let capacity: Int

    /// - Parameter capacity: the oldest mail goes when one more arrives.
    public init(capacity: Int = 200) { self.capacity = max(1, capacity) }

    public func send(_ mail: Message) async throws {
        guard Message.isAddress(mail.to) else { throw MailFailure.unsafeHeader }
        kept.withLock { kept in
            kept.append(mail)
            if kept.count > capacity { kept.removeFirst(kept.count - capacity) }
        }
    }

    /// The latest first.
    public var messages: [Message] { kept.withLock { $0.reversed() } }

    public func messages(to address: String) -> [Message] { messages.filter { $0.to == address } }
}
