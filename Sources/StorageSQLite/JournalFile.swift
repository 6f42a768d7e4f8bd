internal import Foundation
internal import Storage
internal import Synchronization

/// An open file of words of 64 bits, in the order of the machine that it stays on. It is written without syncs: what is written survives the process.
final class JournalFile: Sendable {
    private let descriptor: Int32
    private let path: String
    /// Until then nobody waits long for the lock: somebody stood still with it.
    private let impatientUntil = Mutex(ContinuousClock.now)

    /// Opens a file that is its owner's alone, making it when it does not exist.
    /// - Throws: `StorageError.unavailable`.
    init(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw failure("open") }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// - Parameters: words.
    /// - Returns: fewer words at the end of the file.
    func read(from offset: Int, atMost count: Int) throws -> [UInt64] {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("read") }
        let there = Int(status.st_size) / Self.word - offset
        guard there > 0 else { return [] }
        return try [UInt64](unsafeUninitializedCapacity: min(count, there)) { words, read in
            let got = pread(descriptor, words.baseAddress, words.count * Self.word, off_t(offset * Self.word))
            guard got >= 0 else { throw failure("read") }
            read = got / Self.word
        }
    }

    /// - Parameter offset: words.
    /// - Throws: `StorageError.unavailable` when the disk is full. What was written of it counts as not written: the next write begins at the same place.
    func write(_ words: [UInt64], at offset: Int) throws {
        let size = words.count * Self.word
        guard pwrite(descriptor, words, size, off_t(offset * Self.word)) == size else {
            let failure = failure("write")
            ftruncate(descriptor, off_t(offset * Self.word))
            throw failure
        }
    }

    private static let word = MemoryLayout<UInt64>.size

    /// Waits until nobody else holds the lock on this file, which ends with its holder. After one wait in vain the others are short for a second, so that a
    /// holder that stands still does not hold up every request for as long.
    /// - Throws: `StorageError.unavailable` when the patience is over.
    func lock(patience: Duration) throws {
        guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return }
        let began = ContinuousClock.now
        let isPatient = began >= impatientUntil.withLock { $0 }
        let end = began + (isPatient ? patience : min(patience, .milliseconds(1)))
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard ContinuousClock.now < end else {
                if isPatient { impatientUntil.withLock { $0 = end + .seconds(1) } }
                throw failure("lock")
            }
            sched_yield()
        }
    }

    func unlock() { _ = flock(descriptor, LOCK_UN) }

    private func failure(_ what: String) -> StorageError { .unavailable(reason: "cannot \(what) \(path): \(String(cString: strerror(errno)))") }
}
