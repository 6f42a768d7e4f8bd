public import Primitives
public import Storage
internal import Synchronization

/// The memory of what was used once in a folder beside a SQLite database, for the processes of one machine (docs/decisions/0013-used-once.md).
///
/// Uses are appended to a file and not synced. Each process reads what the others wrote and keeps all of it in memory; a lock on the folder makes reading,
/// looking and writing one step.
public final class ReplayJournal: ReplayMemory {
    private let folder: ReplayFolder
    private let clock: any WallClock
    private let usesInFile: Int
    /// What was made before is not believed.
    private let completeSince: Timestamp
    /// The last one is being written.
    private let files: Mutex<[ReplayFile]>

    /// Opens the folder, making it when it does not exist.
    /// - Parameters:
    ///   - boot: changes when the machine starts: what was not on the disk then is lost, and the memory begins anew.
    ///   - usesInFile: after how many uses another file is begun. It is forgotten as a whole.
    ///   - patience: how long another process may hold the lock.
    /// - Throws: `StorageError`.
    public init(_ path: String, boot: String, clock: any WallClock, usesInFile: Int = 131_072, patience: Duration = .milliseconds(250)) throws {
        self.clock = clock
        self.usesInFile = usesInFile
        let folder = try ReplayFolder(path, patience: patience)
        let (completeSince, files) = try folder.locked {
            let since = try folder.begin(boot: boot, at: clock.now)
            var files = try folder.numbers.map { try folder.file($0) }
            if files.isEmpty { files = [try folder.file(1)] }
            for index in files.indices { try files[index].readOn() }
            return (since, files)
        }
        self.folder = folder
        self.completeSince = completeSince
        self.files = Mutex(files)
    }

    public func use(_ use: ReplayUse) throws -> ReplayOutcome { try self.use(all: [use])[0] }  // one for each

    public func use(_ one: ReplayUse, with other: ReplayUse) throws -> (ReplayOutcome, ReplayOutcome) {
        let outcomes = try use(all: [one, other])
        return (outcomes[0], outcomes[1])  // one for each
    }

    private func use(all uses: [ReplayUse]) throws -> [ReplayOutcome] {
        try caughtUp { files in
            var new: [ReplayFile.Record] = []
            let outcomes = uses.map { use in
                let record = ReplayFile.Record(use)
                let isKnown = new.contains { $0.fingerprint == record.fingerprint } || files.contains { $0.holds(record) }
                guard !isKnown else { return ReplayOutcome.replayed }
                new.append(record)
                return use.issuedAt < completeSince ? .tooOldToTell : .first
            }
            try files[files.count - 1].append(new)
            return outcomes
        }
    }

    public func purge() throws -> Int {
        let now = clock.now
        return try caughtUp { files in
            // One that is hardly used is ended too, so that it can go in its time.
            if let earliest = files.last?.earliest, earliest < now - .hours(1) {
                try files[files.count - 1].end()
                files.append(try folder.file(files[files.count - 1].number + 1))
            }
            let old = files.dropLast().filter { $0.latest < now - WrongClock.memory }
            for file in old { folder.remove(file.number) }
            files.removeAll { file in old.contains { $0.number == file.number } }
            return old.map(\.count).reduce(0, +)
        }
    }

    /// Does something alone, once everything is read that other processes wrote.
    private func caughtUp<R: Sendable>(_ body: (inout [ReplayFile]) throws -> R) throws -> R {
        try files.withLock { files in
            try folder.locked {
                try files[files.count - 1].readOn()
                while true {
                    let last = files.count - 1
                    if files[last].count >= usesInFile { try files[last].end() }
                    guard files[last].isEnded else { break }
                    var next = try folder.file(files[last].number + 1)
                    try next.readOn()
                    files.append(next)
                }
                return try body(&files)
            }
        }
    }
}
