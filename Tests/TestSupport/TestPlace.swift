internal import Foundation
internal import Logging
internal import Primitives
public import Storage
internal import StoragePostgres
internal import StorageSQLite

/// What a template holds besides its tables, made once per test process: a seeded world, for example.
public struct TestContents: Sendable {
    let name: String
    let fill: @Sendable (any Database) async throws -> Void

    /// - Parameter name: tells these contents from others.
    public init(_ name: String, _ fill: @escaping @Sendable (any Database) async throws -> Void) {
        self.name = name
        self.fill = fill
    }
}

/// Where one test's database lives: a copy of a migrated template, which is made once per set of migrations and contents.
public struct TestPlace: Sendable {
    public let engine: Engine
    /// A file's path or a PostgreSQL URL: what a program is started with.
    public let address: String
    private let name: String

    public static func make(_ engine: Engine, migrations: [Migration], contents: TestContents? = nil) async throws -> TestPlace {
        await Seats.of(engine).take()
        do {
            let template = try await Templates.shared.template(engine, migrations, contents)
            let name = "wkz_test_\(randomName())"
            let address: String
            switch engine {
            case .sqlite:
                address = path(of: name)
                try FileManager.default.copyItem(atPath: template, toPath: address)
            case .postgres:
                try await administer("CREATE DATABASE \(name) TEMPLATE \(template)")
                address = try url(of: name)
            }
            return TestPlace(engine: engine, address: address, name: name)
        } catch {
            await Seats.of(engine).leave()
            throw error
        }
    }

    /// Another handle on the same database: what a second process would hold.
    public func open() async throws -> any Database { try await Self.open(engine, address) }

    public func remove() async {
        switch engine {
        case .sqlite:
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: address + suffix) }  // some do not exist
        case .postgres:
            try? await Self.administer("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")  // what stays goes with the test server
        }
        await Seats.of(engine).leave()
    }

    /// Runs a statement as the test server's administrator, outside a transaction.
    public static func administer(_ statement: String) async throws {
        try await PostgresDatabase.administer(url: Engine.postgresURL ?? "", statement)
    }

    fileprivate static func open(_ engine: Engine, _ address: String) async throws -> any Database {
        switch engine {
        case .sqlite: try await SQLiteDatabase.open(path: address, logger: .quiet)
        case .postgres: try await PostgresDatabase.open(url: address, connections: 4, logger: .quiet)
        }
    }

    fileprivate static func randomName() -> String { UUID().uuidString.lowercased().replacing("-", with: "") }

    fileprivate static func path(of name: String) -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("\(name).db").path
    }

    fileprivate static func url(of database: String) throws -> String {
        guard var components = URLComponents(string: Engine.postgresURL ?? "") else {
            throw StorageError.unavailable(reason: "WEKEZA_TEST_POSTGRES is not a URL")
        }
        components.path = "/\(database)"
        return components.string ?? ""
    }
}

/// Makes each template once, however many tests ask for it at the same time.
private actor Templates {
    static let shared = Templates()
    private var making: [String: Task<String, any Error>] = [:]

    func template(_ engine: Engine, _ migrations: [Migration], _ contents: TestContents?) async throws -> String {
        let key = Digest(of: migrations.map { $0.name + $0.script }.joined()).text
        let task = making[engine.rawValue + key + (contents?.name ?? "")] ?? Task { try await Self.make(engine, key, migrations, contents) }
        making[engine.rawValue + key + (contents?.name ?? "")] = task
        return try await task.value
    }

    private static func make(_ engine: Engine, _ key: String, _ migrations: [Migration], _ contents: TestContents?) async throws -> String {
        let draft = "wkz_draft_\(TestPlace.randomName())"
        switch engine {
        case .sqlite:
            let path = TestPlace.path(of: draft)
            try await migrate(engine, path, migrations, contents)
            return path
        case .postgres where contents != nil:
            // Contents change with the code that makes them, so this process keeps them for itself.
            try await TestPlace.administer("CREATE DATABASE \(draft) TEMPLATE template0 ENCODING 'UTF8'")
            try await migrate(engine, TestPlace.url(of: draft), migrations, contents)
            return draft
        case .postgres:
            // Test processes share templates: whoever finishes first gives the template its name.
            let name = "wkz_template_" + key.utf8.map { String($0, radix: 16) }.joined().prefix(40)
            if await exists(name) { return name }
            try await TestPlace.administer("CREATE DATABASE \(draft) TEMPLATE template0 ENCODING 'UTF8'")
            try await migrate(engine, TestPlace.url(of: draft), migrations, nil)
            do {
                try await TestPlace.administer("ALTER DATABASE \(draft) RENAME TO \(name)")
            } catch {
                try await TestPlace.administer("DROP DATABASE \(draft) WITH (FORCE)")
                guard await exists(name) else { throw error }
            }
            return name
        }
    }

    private static func migrate(_ engine: Engine, _ address: String, _ migrations: [Migration], _ contents: TestContents?) async throws {
        let database = try await TestPlace.open(engine, address)
        do {
            try await database.migrate(migrations, at: Timestamp.epoch)
            try await contents?.fill(database)
        } catch {
            await database.close()
            throw error
        }
        // Closing moves SQLite's write-ahead log into the file, which is then whole by itself, and leaves PostgreSQL's template without sessions.
        await database.close()
    }

    private static func exists(_ database: String) async -> Bool {
        // The statement divides by zero when there is no such database.
        (try? await TestPlace.administer("SELECT 1 / COUNT(*) FROM pg_database WHERE datname = '\(database)'")) != nil
    }
}

/// Lets a limited number of databases live at once: Swift Testing starts every test at the same time.
private actor Seats {
    private static let sqlite = Seats(16)
    private static let postgres = Seats(8)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    static func of(_ engine: Engine) -> Seats { engine == .sqlite ? sqlite : postgres }

    private init(_ count: Int) { free = count }

    func take() async {
        if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
    }

    func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
