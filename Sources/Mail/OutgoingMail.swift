public import Logging
internal import Synchronization

/// Mail leaves behind the answer, so that nobody learns from the time it takes whether an address is known. A few leave at a time, and those whose host is busy
/// or away are tried again.
public final class OutgoingMail: Sendable {
    /// Who asked for a mail. What people asked for themselves leaves first: a flood of invitations holds up no link for a new password.
    public enum Asker: Sendable {
        case recipient
        case somebodyElse
    }

    private let mailer: any Mailer
    private let logger: Logger
    private let pauses: [Duration]
    private let queue = Mutex(MailQueue())

    static let mostAtOnce = 4
    /// How often a stop looks whether all have left.
    private static let glance = Duration.milliseconds(20)

    /// - Parameter pauses: between one attempt and the next.
    public init(mailer: any Mailer, logger: Logger, pauses: [Duration] = [.seconds(1), .seconds(5), .seconds(25)]) {
        self.mailer = mailer
        self.logger = logger
        self.pauses = pauses
    }

    public func send(_ message: Message, askedBy asker: Asker = .recipient) { send(askedBy: asker) { message } }

    /// When too many wait already it is dropped: whoever asked can ask again.
    /// - Parameter write: makes the mail, behind the answer too; `nil` is none.
    public func send(askedBy asker: Asker = .recipient, _ write: @escaping @Sendable () async throws -> Message?) {
        guard queue.withLock({ $0.admit(for: asker, write) }) else { return logger.warning("mail dropped", metadata: ["reason": "too many wait"]) }
        begin()
    }

    /// Tries at once what pauses or waits. What has not left within this time is lost.
    public func finish(within limit: Duration = .seconds(5)) async {
        queue.withLock { $0.stop() }
        for _ in 0..<Self.mostAtOnce { begin() }
        let end = ContinuousClock.now + limit
        while queue.withLock({ $0.count }) > 0, ContinuousClock.now < end, !Task.isCancelled { try? await Task.sleep(for: Self.glance) }
        let left = queue.withLock { $0.count }
        if left > 0 { logger.error("mail not sent", metadata: ["error": "the server stops", "count": "\(left)"]) }
    }

    private func begin() {
        guard queue.withLock({ $0.takesSender() }) else { return }
        Task {
            while let item = queue.withLock({ $0.next() }) { await attempt(item) }
        }
    }

    private func attempt(_ item: MailQueue.Item) async {
        do {
            guard let message = try await item.write() else { return end(item) }
            do {
                try await mailer.send(message)
            } catch MailFailure.notYet where tryLater(item, message) {
                return
            }
            end(item)
        } catch {
            logger.error("mail not sent", metadata: ["error": "\(error)"])
            end(item)
        }
    }

    private func tryLater(_ item: MailQueue.Item, _ message: Message) -> Bool {
        guard let pause = queue.withLock({ $0.pause(item, message, pauses) }) else { return false }
        Task {
            try? await Task.sleep(for: pause)
            queue.withLock { $0.resume(item.id) }
            begin()
        }
        return true
    }

    private func end(_ item: MailQueue.Item) { queue.withLock { $0.end(item) } }
}
