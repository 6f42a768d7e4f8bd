public import Logging
import Primitives
internal import Synchronization

/// Mail leaves behind the answer, so that nobody learns from the time it takes whether an address is known.
public final class OutgoingMail: Sendable {
    private let mailer: any Mailer
    private let logger: Logger
    private let waiting = Mutex(0)
    /// More than this many at once are dropped: whoever asked can ask again.
    private static let mostWaiting = 200

    public init(mailer: any Mailer, logger: Logger) {
        self.mailer = mailer
        self.logger = logger
    }

    public func send(_ message: Message) { send { message } }

    /// - Parameter write: makes the mail, behind the answer too; `nil` is none.
    public func send(_ write: @escaping @Sendable () async throws -> Message?) {
        let admitted = waiting.withLock { count in
            guard count < Self.mostWaiting else { return false }
            count += 1
            return true
        }
        guard admitted else { return logger.warning("mail dropped", metadata: ["reason": "too many wait"]) }
        Task {
            defer { waiting.withLock { $0 -= 1 } }
            do {
                if let message = try await write() { try await mailer.send(message) }
            } catch {
                logger.error("mail not sent", metadata: ["error": "\(error)"])
            }
        }
    }
}
