import Storage
import Synchronization
import TestSupport

/// A database whose commits happen while their answers are lost, as when a connection breaks at that moment; or do not happen, as when the disk is full.
final class DeafDatabase: ForwardingDatabase {
    let behind: any Database
    private let losing = Mutex((answers: false, commits: false))

    init(_ database: any Database) { behind = database }

    var losesAnswers: Bool {
        get { losing.withLock { $0.answers } }
        set { losing.withLock { $0.answers = newValue } }
    }

    var losesCommits: Bool {
        get { losing.withLock { $0.commits } }
        set { losing.withLock { $0.commits = newValue } }
    }

    func write<Result: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result {
        let losesCommits = losesCommits
        let result = try await behind.write { tx -> Result in
            let result = try body(tx)
            if losesCommits { throw StorageError.unavailable(reason: "the disk is full") }
            return result
        }
        if losesAnswers { throw StorageError.undecided(reason: "the server has gone") }
        return result
    }
}
