import Storage
import Synchronization
import TestSupport

/// A database whose commits happen while their answers are lost, as when a connection breaks at that moment.
final class DeafDatabase: ForwardingDatabase {
    let behind: any Database
    private let losing = Mutex(false)

    init(_ database: any Database) { behind = database }

    var losesAnswers: Bool {
        get { losing.withLock { $0 } }
        set { losing.withLock { $0 = newValue } }
    }

    func write<Result: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result {
        let result = try await behind.write(body)
        if losesAnswers { throw StorageError.unavailable(reason: "the connection was lost at the commit") }
        return result
    }
}
