import Storage
import Synchronization
import TestSupport

/// A database before one of whose writes something else happens, once: what another request does between two steps of this one.
final class InterruptedDatabase: ForwardingDatabase {
    let behind: any Database
    private let interruption = Mutex<Interruption?>(nil)

    private struct Interruption {
        var writesBefore: Int
        let body: @Sendable (any Database) async throws -> Void
    }

    init(_ database: any Database) { behind = database }

    /// - Parameter number: which write from now on waits for the interruption; the first is 1.
    func interrupt(beforeWrite number: Int, _ body: @escaping @Sendable (any Database) async throws -> Void) {
        interruption.withLock { $0 = Interruption(writesBefore: number - 1, body: body) }
    }

    /// Whether the interruption is still to come.
    var isWaiting: Bool { interruption.withLock { $0 != nil } }

    func write<Result: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result {
        try await due()?(behind)
        return try await behind.write(body)
    }

    private func due() -> (@Sendable (any Database) async throws -> Void)? {
        interruption.withLock { interruption in
            guard let waiting = interruption else { return nil }
            guard waiting.writesBefore == 0 else {
                interruption?.writesBefore -= 1
                return nil
            }
            interruption = nil
            return waiting.body
        }
    }
}
