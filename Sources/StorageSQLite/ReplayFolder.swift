internal import Foundation
internal import Primitives
internal import Storage

/// Where a journal lies: its files, named by their numbers, a mark, and the file whose lock is the folder's.
final class ReplayFolder: Sendable {
    private let path: String
    private let lock: JournalFile
    private let patience: Duration

    /// - Throws: `StorageError`.
    init(_ path: String, patience: Duration) throws {
        self.path = path
        self.patience = patience
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
            // A database, as earlier versions kept it.
            for name in [path, "\(path)-wal", "\(path)-shm"] { unlink(name) }
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Self.failure("make the folder \(path)", error)
        }
        lock = try JournalFile("\(path)/lock")
    }

    /// Does something while no other process reads or writes the journal.
    func locked<R: Sendable>(_ body: () throws -> R) throws -> R {
        try lock.lock(patience: patience)
        defer { lock.unlock() }
        return try body()
    }

    /// - Returns: since when nothing was forgotten: now, and without the files of before, when the machine was started anew.
    func begin(boot: String, at now: Timestamp) throws -> Timestamp {
        let mark = "\(path)/complete-since"
        let boot = boot.trimmingCharacters(in: .whitespacesAndNewlines)
        let lines = (try? String(contentsOfFile: mark, encoding: .utf8))?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
        if lines.count >= 2, lines[0] == boot, let since = Int64(lines[1]) { return Timestamp(milliseconds: since) }
        // First what tells that the rest is whole.
        unlink(mark)
        for number in numbers { remove(number) }
        do {
            try Data("\(boot)\n\(now.milliseconds)\n".utf8).write(to: URL(fileURLWithPath: mark), options: .atomic)
        } catch {
            throw Self.failure("write \(mark)", error)
        }
        return now
    }

    /// Of the files that are there, in their order.
    var numbers: [Int] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).compactMap(Int.init).sorted() }

    func file(_ number: Int) throws -> ReplayFile { ReplayFile(try JournalFile("\(path)/\(number)"), number: number) }

    func remove(_ number: Int) { unlink("\(path)/\(number)") }

    /// Foundation keeps the system's reason below its own.
    private static func failure(_ what: String, _ error: any Error) -> StorageError {
        let reason = ((error as? CocoaError)?.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) }
        return .unavailable(reason: "cannot \(what): \(reason ?? "\(error)")")
    }
}
