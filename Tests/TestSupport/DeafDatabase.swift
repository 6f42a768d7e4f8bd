public import Storage
import Synchronization

/// A database whose commits happen while their answers are lost, as when a connection breaks at that moment; or do not happen, as when the disk is full.
public final class DeafDatabase: ForwardingDatabase {
    public let behind: any Database
    private let losing = Mutex((answers: false, commits: false))

    public init(_ database: any Database) { behind = database }

    public var losesAnswers: Bool {
        get { losing.withLock { $0.answers } }
        set { losing.withLock { $0.answers = newValue } }
    }

    public var losesCommits: Bool {
        get { losing.withLock { $0.commits } }
        set { losing.withLock { $0.commits = newValue } }
    }

    public func write<Result: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> Result) async throws -> Result {
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
