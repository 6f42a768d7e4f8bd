import Foundation
import Primitives
import Storage
import StorageSQLite
import TestSupport
import Testing

@Suite("The journal of what may be used once")
struct ReplayJournalTests {
    /// A folder that is gone afterwards.
    private struct Place {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("journal-\(UUID().uuidString)")
        let clock = ManualClock()

        static func run(_ body: (Place) throws -> Void) throws {
            let place = Place()
            defer { try? FileManager.default.removeItem(at: place.folder) }
            try body(place)
        }

        func journal(boot: String = "one", usesInFile: Int = 4, patience: Duration = .seconds(30)) throws -> ReplayJournal {
            try ReplayJournal(folder.path, boot: boot, clock: clock, usesInFile: usesInFile, patience: patience)
        }

        func use(_ name: String) -> ReplayUse {
            ReplayUse(digest: Digest(of: name), issuedAt: clock.now, expiresAt: clock.now + .seconds(60))
        }

        var files: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { Int($0) != nil }.sorted() } }
    }

    @Test func `a restart of the machine begins anew, and refuses what was made before`() throws {
        try Place.run { place in
            let (journal, used, unused) = (try place.journal(), place.use("used"), place.use("unused"))
            #expect(try journal.use(used) == .first)
            place.clock.advance(by: .seconds(5))

            let afterwards = try place.journal(boot: "two")

            #expect(try afterwards.use(used) == .tooOldToTell)
            #expect(try afterwards.use(unused) == .tooOldToTell)
            #expect(try afterwards.use(place.use("new")) == .first)
        }
    }

    @Test func `files follow each other, in each process and for one that starts`() throws {
        try Place.run { place in
            let (one, other) = (try place.journal(), try place.journal())
            let uses = (0..<30).map { place.use("\($0)") }

            for (index, use) in uses.enumerated() { #expect(try (index % 2 == 0 ? one : other).use(use) == .first) }

            #expect(try place.files.count >= 7)
            let started = try place.journal()
            for use in uses {
                #expect(try one.use(use) == .replayed)
                #expect(try other.use(use) == .replayed)
                #expect(try started.use(use) == .replayed)
            }
        }
    }

    @Test func `what has long expired goes by the file, in each process`() throws {
        try Place.run { place in
            let (one, other) = (try place.journal(), try place.journal())
            let old = (0..<6).map { place.use("old \($0)") }
            for use in old { _ = try one.use(use) }
            place.clock.advance(by: .hours(2))
            let young = place.use("young")
            #expect(try other.use(young) == .first)
            place.clock.advance(by: .hours(4))

            // The file with the young one stays.
            #expect(try one.purge() == 4)
            #expect(try other.purge() == 4)
            #expect(try place.files == ["2", "3"])
            for journal in [one, other, try place.journal()] {
                #expect(try journal.use(young) == .replayed)
                #expect(try journal.use(old[5]) == .replayed)
            }
            #expect(try one.use(old[0]) == .first)
        }
    }

    @Test func `a record that broke off is written over`() throws {
        try Place.run { place in
            let journal = try place.journal()
            _ = try journal.use(place.use("a"))
            let file = try FileHandle(forWritingTo: place.folder.appendingPathComponent("1"))
            try file.seekToEnd()
            try file.write(contentsOf: Data([1, 2, 3, 4, 5, 6, 7, 8, 9]))

            #expect(try journal.use(place.use("b")) == .first)
            let started = try place.journal()
            #expect(try started.use(place.use("a")) == .replayed)
            #expect(try started.use(place.use("b")) == .replayed)
        }
    }

    @Test func `what cannot be written is not used, and another says so`() throws {
        try Place.run { place in
            let journal = try place.journal(usesInFile: 1)
            _ = try journal.use(place.use("a"))
            // The next file cannot be made.
            try FileManager.default.createDirectory(at: place.folder.appendingPathComponent("2"), withIntermediateDirectories: false)

            #expect(throws: StorageError.self) { try journal.use(place.use("b")) }
            #expect(throws: StorageError.self) { try journal.use(place.use("a")) }
            try FileManager.default.removeItem(at: place.folder.appendingPathComponent("2"))
            #expect(try journal.use(place.use("a")) == .replayed)
            #expect(try journal.use(place.use("b")) == .first)
        }
    }

    @Test func `who waits for a process that stopped with the lock gives up`() throws {
        try Place.run { place in
            let journal = try place.journal(patience: .zero)
            let holder = open(place.folder.appendingPathComponent("lock").path, O_RDWR)
            #expect(flock(holder, LOCK_EX) == 0)

            #expect(throws: StorageError.self) { try journal.use(place.use("a")) }
            close(holder)
            #expect(try journal.use(place.use("a")) == .first)
        }
    }

    @Test func `what an earlier version kept there makes room`() throws {
        try Place.run { place in
            for name in ["", "-wal", "-shm"] { try Data("SQLite".utf8).write(to: URL(fileURLWithPath: place.folder.path + name)) }

            let journal = try place.journal()

            #expect(try journal.use(place.use("a")) == .first)
            for name in ["-wal", "-shm"] { #expect(!FileManager.default.fileExists(atPath: place.folder.path + name)) }
        }
    }

    @Test func `the folder is its owner's alone`() throws {
        try Place.run { place in
            _ = try place.journal()

            for path in ["", "/1", "/lock"] {
                let mode = try FileManager.default.attributesOfItem(atPath: place.folder.path + path)[.posixPermissions] as? Int
                #expect(mode.map { $0 & 0o077 } == 0)
            }
        }
    }
}
