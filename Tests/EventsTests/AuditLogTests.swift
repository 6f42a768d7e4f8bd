import Events
import Primitives
import Storage
import TestSupport
import Testing

@Suite("Audit log")
struct AuditLogTests {
    private let log = AuditLog()
    private let alice = PersonID(trusted: "usr_alice")
    private let budget = AppID(trusted: "app_budget")
    private let now = ManualClock().now

    private func entry(_ action: AuditAction, by actor: Actor, on subject: String) -> AuditEntry {
        AuditEntry(
            actor: actor, action: action, subject: subject, before: ["name": "Old \"name\" /"], after: ["name": "Neu, größer"],
            requestID: RequestID(trusted: "req_1"), at: now)
    }

    @Test(arguments: Engine.available)
    func `an entry comes back as it was appended, with its place in the log`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: EventsMigrations.all) { db in
            let written = entry(.appUpdated, by: .person(alice), on: budget.rawValue)

            try await db.write { try log.append(written, in: $0) }
            let read = try await db.read { try log.list(limit: 10, in: $0) }

            #expect(read.count == 1)
            #expect(read[0].position != nil)
            #expect(read[0].actor == written.actor && read[0].action == written.action && read[0].subject == written.subject)
            #expect(read[0].before == written.before && read[0].after == written.after)
            #expect(read[0].requestID == written.requestID && read[0].at == written.at)
        }
    }

    @Test(arguments: Engine.available)
    func `pages follow each other without gap or repetition, while entries are appended`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: EventsMigrations.all) { db in
            let names = (1...25).map { "subject-\($0)" }
            try await db.write { tx in for name in names { try log.append(entry(.signedIn, by: .system, on: name), in: tx) } }

            var seen: [String] = []
            var place: Int64?
            repeat {
                let before = place
                let page = try await db.read { try log.list(before: before, limit: 10, in: $0) }
                seen += page.map(\.subject)
                place = page.last?.position
                try await db.write { try log.append(entry(.signedOut, by: .system, on: "later"), in: $0) }
            } while place != nil

            #expect(seen == names.reversed())
        }
    }

    @Test(arguments: Engine.available)
    func `filters narrow by actor, action and subject, together too`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: EventsMigrations.all) { db in
            try await db.write { tx in
                try log.append(entry(.appUpdated, by: .person(alice), on: "app_1"), in: tx)
                try log.append(entry(.appRemoved, by: .person(alice), on: "app_1"), in: tx)
                try log.append(entry(.appUpdated, by: .commandLine, on: "app_1"), in: tx)
                try log.append(entry(.appUpdated, by: .app(budget), on: "app_2"), in: tx)
            }

            func count(_ filter: AuditLog.Filter) async throws -> Int { try await db.read { try log.list(filter, limit: 10, in: $0).count } }

            #expect(try await count(.init()) == 4)
            #expect(try await count(.init(actor: .person(alice))) == 2)
            #expect(try await count(.init(action: .appUpdated)) == 3)
            #expect(try await count(.init(subject: "app_1")) == 3)
            #expect(try await count(.init(actor: .person(alice), action: .appRemoved)) == 1)
            #expect(try await count(.init(actor: .commandLine, action: .appUpdated, subject: "app_1")) == 1)
            #expect(try await count(.init(actor: .commandLine, subject: "app_2")) == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `one kind of what one actor did has pages of its own`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: EventsMigrations.all) { db in
            try await db.write { tx in
                for number in 1...6 {
                    try log.append(entry(.planChanged, by: .commandLine, on: "org_\(number)"), in: tx)
                    try log.append(entry(.appCreated, by: .commandLine, on: "app_\(number)"), in: tx)
                    try log.append(entry(.planChanged, by: .system, on: "org_\(number)"), in: tx)
                }
            }
            let filter = AuditLog.Filter(actor: .commandLine, action: .planChanged)

            let first = try await db.read { try log.list(filter, limit: 4, in: $0) }
            let second = try await db.read { try log.list(filter, before: first.last?.position, limit: 4, in: $0) }

            #expect((first + second).map(\.subject) == (1...6).reversed().map { "org_\($0)" })
        }
    }

    @Test(arguments: Engine.available)
    func `an entry goes with the transaction that it tells of`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: EventsMigrations.all) { db in
            struct Failed: Error {}

            await #expect(throws: Failed.self) {
                try await db.write { tx in
                    try log.append(entry(.signedIn, by: .system, on: "x"), in: tx)
                    throw Failed()
                }
            }

            let entries = try await db.read { try log.list(limit: 10, in: $0) }
            #expect(entries.isEmpty)
        }
    }

    @Test(arguments: Engine.available)
    func `the table itself refuses to change or forget an entry`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: EventsMigrations.all + EventsMigrations.appendOnly(on: engine)) { db in
            try await db.write { try log.append(entry(.signedIn, by: .system, on: "x"), in: $0) }

            await #expect(throws: StorageError.self) { try await db.write { _ = try $0.execute("UPDATE audit_log SET subject = 'y'") } }
            await #expect(throws: StorageError.self) { try await db.write { _ = try $0.execute("DELETE FROM audit_log") } }

            let entries = try await db.read { try log.list(limit: 10, in: $0) }
            #expect(entries.map(\.subject) == ["x"])
        }
    }

    @Test(arguments: ["person:usr_alice", "app:app_budget", "command_line", "system"])
    func `an actor has one text form, read back as it was written`(text: String) {
        #expect(Actor(text)?.text == text)
    }

    @Test(arguments: ["", "person", "person:", "person:app_x", "app:usr_x", "system:x", "command_line:", "somebody"])
    func `other text is no actor`(text: String) {
        #expect(Actor(text) == nil)
    }

    @Test
    func `actions have distinct names of two words`() {
        #expect(Set(AuditAction.allCases.map(\.rawValue)).count == AuditAction.allCases.count)
        #expect(AuditAction.allCases.allSatisfy { $0.rawValue.split(separator: ".").count == 2 })
    }
}
