internal import Foundation
internal import Logging
internal import Primitives
package import Storage
internal import StorageSQLite

/// Where one test's database lives: a copy of a migrated template, which is made once per set of migrations.
package struct TestPlace: Sendable {
    package let engine: Engine
    /// A file's path or a PostgreSQL URL.
    package let address: String

    package static func make(_ engine: Engine, migrations: [Migration]) async throws -> TestPlace {
        await Room.live.enter()
        do {
            let template = try await Templates.shared.template(engine, migrations)
            let name = "wkz_test_\(UUID().uuidString.lowercased().replacing("-", with: ""))"
            let address = FileManager.default.temporaryDirectory.appendingPathComponent("\(name).db").path
            try FileManager.default.copyItem(atPath: template, toPath: address)
            return TestPlace(engine: engine, address: address)
        } catch {
            await Room.live.leave()
            throw error
        }
    }

    /// Another handle on the same database: what a second process would hold.
    package func open() async throws -> any Database {
        try await SQLiteDatabase.open(path: address, logger: .quiet)
    }

    package func remove() async {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: address + suffix) }  // some do not exist
        await Room.live.leave()
    }
}

/// Makes each template once, however many tests ask for it at the same time.
private actor Templates {
    static let shared = Templates()
    private var making: [String: Task<String, any Error>] = [:]

    func template(_ engine: Engine, _ migrations: [Migration]) async throws -> String {
        let key = engine.rawValue + Digest(of: migrations.map { $0.name + $0.script }.joined()).text
        let task =
            making[key]
            ?? Task {
                let path = FileManager.default.temporaryDirectory.appendingPathComponent("wkz_template_\(UUID().uuidString).db").path
                let database = try await SQLiteDatabase.open(path: path, logger: .quiet)
                try await database.migrate(migrations, at: Timestamp.epoch)
                // Closing moves the write-ahead log into the file, which is then whole by itself.
                await database.close()
                return path
            }
        making[key] = task
        return try await task.value
    }
}

/// Lets a limited number of databases live at once: Swift Testing starts every test at the same time.
private actor Room {
    static let live = Room()
    private var free = 12
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func enter() async {
        if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
    }

    func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
