import Composition
import Identity
import Logging
import Passwords
import Primitives
import Storage
import TestSupport
import Testing

@testable import Portal

/// The made-up customers of a sandbox keep the password that its portal shows, and never get one that everybody knows.
@Suite("A sandbox's password after a restore")
struct RestoredSandboxTests {
    private let now = ManualClock().now
    private let passwords = PasswordHasher(settings: .test, concurrency: 1, queueLimit: 100)

    private func restore(_ place: TestPlace, trusting: Bool) async throws -> RecoveryReport {
        var configuration = Configuration(issuer: TestServer.issuer)
        configuration.database = place.engine == .sqlite ? .sqlite(path: place.address) : .postgres(url: place.address)
        let restore = Restore(configuration, master: .test, passwords: passwords, clock: ManualClock(now + .minutes(1)), logger: .quiet)
        return try await restore.runInPlace(.init(trustsCredentials: trusting))
    }

    @Test(arguments: Engine.available, [false, true])
    func `the customers sign in with the password of before, which the portal shows, and not with the demo's`(engine: Engine, isTrusted: Bool) async throws {
        try await atPlace(engine) { place in
            let database = try await place.open()
            let before = try await TestServer.run(engine, on: database, at: now) { server in
                let page = await (try await WithoutDemoTests.newcomer(server)).page
                return try #require(WithoutDemoTests.password(on: page))
            }
            await database.close()

            let report = try await restore(place, trusting: isTrusted)

            #expect(report.worldPasswords == 0)
            let again = try await place.open()
            try await TestServer.run(engine, on: again, at: now + .minutes(2)) { server in
                let developer = TestBrowser(server)
                try await developer.open("/portal/forgotten-password")
                try await developer.submit("email", [("email", "savanna@example.com")])
                try await developer.open(try await server.mail(to: "savanna@example.com").link)
                try await developer.submit("password", [("password", "a quite different phrase")])
                try await developer.submit("username", [("username", "savanna@example.com"), ("password", "a quite different phrase")])
                try await developer.open("/portal/customers")
                let shown = WithoutDemoTests.password(on: await developer.page)
                let amina = try await WithoutDemoTests.customer(server, "amina.traveler@savanna-pay", before)
                let stranger = try await WithoutDemoTests.customer(server, "brian.parent@savanna-pay", "sandbox")

                #expect(shown == before)
                #expect(await amina.address == "/my")
                #expect(await stranger.status == 422)
            }
            await again.close()
        }
    }

    /// A world of one customer, and how its password is kept.
    private struct World {
        let id: OrganisationID
        let password: String
        let sealed: String?
    }

    private func make(_ world: World, on database: any Database) async throws {
        let hash = try await passwords.hash(world.password)
        let person = NewPerson(
            id: .random(from: SystemRandom()), population: .customer, world: world.id, signInName: "amina.traveler", name: "Amina Hassan", passwordHash: hash)
        try await database.write { [now] tx in
            _ = try People().create(person, at: now, in: tx)
            guard let sealed = world.sealed else { return }
            try tx.execute("INSERT INTO portal_world_password (world_id, sealed, changed_at) VALUES (\(world.id), \(sealed), \(now))")
        }
    }

    private func opens(_ world: World, _ password: String, on database: any Database) async throws -> Bool {
        let outcome = try await SignIn(database: database, passwords: passwords).attempt(
            name: "amina.traveler", password: password, population: .customer, world: world.id, from: "192.0.2.1", requestID: nil, at: now + .minutes(2))
        guard case .signedIn = outcome else { return false }
        return true
    }

    @Test(arguments: Engine.available, [false, true])
    func `one that does not open any more is drawn anew, one of an earlier restore is sealed by the root key`(engine: Engine, isTrusted: Bool) async throws {
        try await atPlace(engine) { place in
            let database = try await place.open()
            let rootKey = try await RootKeys.open(database, by: .test, randomness: SystemRandom(), at: now)
            let travelKey = try await database.write { [now] tx in
                try Restorations().finish(salt: "earlier", copyTakenAt: nil, at: now - .days(1), in: tx)
                return try Restorations().travelKey(of: rootKey, in: tx)
            }
            func sealed(_ password: String, by key: RootKey) -> String { Sealer(key, purpose: "portal.world_password").seal(Array(password.utf8)) }
            let travelled = World(id: OrganisationID(trusted: "org_travelled"), password: "kept-1", sealed: sealed("kept-1", by: travelKey))
            let lost = World(id: OrganisationID(trusted: "org_lost"), password: "kept-2", sealed: sealed("kept-2", by: .random(from: SystemRandom())))
            // What a version before this one left, and what was made in the demo.
            let demo = World(id: OrganisationID(trusted: "org_of_demo"), password: "sandbox", sealed: nil)
            for world in [travelled, lost, demo] { try await make(world, on: database) }
            await database.close()

            let report = try await restore(place, trusting: isTrusted)

            let again = try await place.open()
            let kept = WorldPasswords(rootKey: rootKey, travelKey: rootKey, randomness: SystemRandom(), shared: nil)
            let shown = try await again.read { tx in try [travelled, lost, demo].map { try kept.find($0.id, in: tx) } }
            #expect(report.worldPasswords == (isTrusted ? 1 : 2))
            #expect(shown[0] == "kept-1")
            let isKept = try await opens(travelled, "kept-1", on: again)
            #expect(isKept)
            for (world, password) in [(lost, shown[1]), (demo, shown[2])] where !isTrusted || world.id == lost.id {
                var taken: [Bool] = []
                for tried in [try #require(password), world.password, "sandbox"] { taken.append(try await opens(world, tried, on: again)) }
                #expect(taken == [true, false, false], "\(world.id)")
            }
            // Whoever vouches for the passwords gets them all, as they were.
            if isTrusted {
                let isAsItWas = try await opens(demo, "sandbox", on: again)
                #expect(shown[2] == nil && isAsItWas)
            }
            await again.close()
        }
    }
}
