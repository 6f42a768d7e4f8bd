import Applications
import Events
import OAuth
import Primitives
import Storage
import TestSupport
import Testing

@Suite("App directory and the use of secrets")
struct AppDirectoryTests {
    @Test(arguments: Engine.available)
    func `an app is found by both its ids, and each change is seen after the next look at the log`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let feed = ChangeFeed(database: office.db, logger: .quiet)
            try await feed.poll()
            let directory = AppDirectory(database: office.db, feed: feed)
            let (app, _) = try await office.makeWeb()
            let (apps, organisations, start) = (office.apps, office.organisations, office.start)

            let found = try await directory.find(app.clientID)
            let foundByID = try await directory.find(app.id)
            #expect(fields(found) == fields(app) && fields(foundByID) == fields(app))

            _ = try await office.db.write { try apps.update(app.id, AppChange(name: "New"), by: .system, at: start, requestID: nil, in: $0).isSuccess }
            try await feed.poll()
            #expect(try await directory.find(app.clientID)?.name == "New")

            _ = try await office.db.write { try organisations.setPlan(.unlimited, of: Office.acme, by: .system, at: start, requestID: nil, in: $0) }
            try await feed.poll()
            #expect(try await directory.find(app.clientID)?.plan == .unlimited)

            try await office.db.write { _ = try apps.remove(app.id, by: .system, at: start, requestID: nil, in: $0) }
            try await feed.poll()
            #expect(try await directory.find(app.clientID)?.isActive == false)
        }
    }

    @Test(arguments: Engine.available)
    func `an app made after it was asked for is found at once`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let feed = ChangeFeed(database: office.db, logger: .quiet)
            try await feed.poll()
            let directory = AppDirectory(database: office.db, feed: feed)
            let clientID = try #require(ClientID("acme-budget"))

            #expect(try await directory.find(clientID) == nil)
            _ = try await office.make(NewApp(organisationID: Office.acme, name: "Acme", kind: .backend, clientID: clientID)).get()

            #expect(try await directory.find(clientID)?.name == "Acme")
        }
    }

    @Test(arguments: Engine.available)
    func `without a current look at the log nothing remembered is trusted`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let directory = AppDirectory(database: office.db, feed: ChangeFeed(database: office.db, logger: .quiet))
            let (app, _) = try await office.makeWeb()
            let (apps, start) = (office.apps, office.start)
            #expect(try await directory.find(app.id)?.isActive == true)

            try await office.db.write { _ = try apps.remove(app.id, by: .system, at: start, requestID: nil, in: $0) }

            #expect(try await directory.find(app.id)?.isActive == false)
        }
    }

    @Test(arguments: Engine.available)
    func `the last use of a secret is written to the minute, the latest wins`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, _) = try await office.makeWeb()
            let (apps, start) = (office.apps, office.start)
            let use = SecretUse(database: office.db)
            func secret() async throws -> AppSecret? { try await office.db.read { try apps.find(app.id, in: $0)?.secrets.first } }

            use.note(app.secrets[0].id, from: "192.0.2.1", at: start + .seconds(59))
            let before = try await secret()
            try await use.flush()
            let first = try await secret()
            use.note(app.secrets[0].id, from: "192.0.2.2", at: start + .seconds(61))
            use.note(app.secrets[0].id, from: "192.0.2.3", at: start + .seconds(119))
            try await use.flush()
            let second = try await secret()

            #expect(before?.lastUsedAt == nil)
            #expect(first?.lastUsedAt == start && first?.lastUsedFrom == "192.0.2.1")
            #expect(second?.lastUsedAt == start + .minutes(1) && second?.lastUsedFrom == "192.0.2.3")
        }
    }

    @Test
    func `a busy secret costs one write a minute, and what could not be written is kept`() async throws {
        try await Office.open(.sqlite) { office in
            let (app, _) = try await office.makeWeb()
            let (apps, start) = (office.apps, office.start)
            let use = SecretUse(database: office.db)

            try await office.db.write { _ = try $0.execute("ALTER TABLE app_secret RENAME TO app_secret_gone") }
            use.note(app.secrets[0].id, from: "192.0.2.1", at: start)
            await #expect(throws: StorageError.self) { try await use.flush() }
            try await office.db.write { _ = try $0.execute("ALTER TABLE app_secret_gone RENAME TO app_secret") }
            try await use.flush()
            let kept = try await office.db.read { try apps.find(app.id, in: $0)?.secrets.first?.lastUsedAt }
            #expect(kept == start)

            try await office.db.write { _ = try $0.execute("UPDATE app_secret SET last_used_at = NULL") }
            use.note(app.secrets[0].id, from: "192.0.2.1", at: start + .seconds(30))
            try await use.flush()
            let again = try await office.db.read { try apps.find(app.id, in: $0)?.secrets.first?.lastUsedAt }
            #expect(again == nil)
        }
    }
}
