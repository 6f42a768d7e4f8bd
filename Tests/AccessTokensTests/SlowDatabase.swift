import Storage
import Synchronization
import TestSupport

/// A database of which a test holds back the answer to one read, or lets reads fail.
final class SlowDatabase: ForwardingDatabase {
    let behind: any Database
    private let state = Mutex(State())

    /// A read whose answer waits.
    struct Held: Sendable {
        let hasRead = Gate()
        let mayAnswer = Gate()
    }

    private struct State {
        var held: Held?
        var failing = 0
    }

    init(_ database: any Database) { behind = database }

    /// The next read's answer waits until its gate opens.
    func holdNextRead() -> Held {
        let held = Held()
        state.withLock { $0.held = held }
        return held
    }

    func failNextReads(_ count: Int) { state.withLock { $0.failing = count } }

    /// How many reads are still to fail.
    var failing: Int { state.withLock { $0.failing } }

    func read<Result: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> Result) async throws -> Result {
        let (held, fails) = state.withLock { state in
            defer {
                state.held = nil
                state.failing = max(0, state.failing - 1)
            }
            return (state.held, state.failing > 0)
        }
        if fails { throw StorageError.unavailable(reason: "it went away") }
        let result = try await behind.read(body)
        held?.hasRead.open()
        await held?.mayAnswer.wait()
        return result
    }
}
