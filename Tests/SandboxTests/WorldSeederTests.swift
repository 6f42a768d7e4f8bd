import Bank
import Events
import Identity
import Primitives
import Sandbox
import Storage
import Testing
import TestSupport

@Suite("Seeding a world, on both engines")
struct WorldSeederTests {
    private let world = OrganisationID(trusted: "org_acme")
    private let now = ManualClock().now
    private let migrations = EventsMigrations.all + IdentityMigrations.all + BankMigrations.all

    private func counts(_ database: any Database) async throws -> [String: Int] {
        try await database.read { tx in
            var counts: [String: Int] = [:]
            for table in ["person", "account", "journal_entry", "posting", "hold", "audit_log"] {
                counts[table] = try tx.first(SQL(stringLiteral: "SELECT COUNT(*) AS rows FROM \(table)"))?["rows"]
            }
            return counts
        }
    }

    @Test(arguments: Engine.available) func `a world gets five customers who hold their accounts`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let made = try await WorldSeeder(database: database).seed(world: world, passwordHash: "$argon2id$…", years: 0, at: now)

            #expect(made == ["amina.traveler", "brian.parent", "chao.digital", "diana.student", "elijah.boomer"])
            let people = try await database.read { tx in try People().list(population: .customer, world: world, limit: 10, in: tx) }
            #expect(people.map(\.signInName) == made)
            #expect(people.allSatisfy { $0.email != nil && $0.hasConfirmedEmail && $0.phone != nil })
            for person in people {
                let (accounts, hash) = try await database.read { tx in
                    (try Accounts().list(of: person.id, in: tx), try People().passwordHash(of: person.id, in: tx))
                }
                #expect(!accounts.isEmpty)
                #expect(accounts.allSatisfy { $0.holder == person.id && $0.world == world && $0.holderNames.first == person.name })
                #expect(hash == "$argon2id$…")
            }
        }
    }

    @Test(arguments: Engine.available) func `seeding again changes nothing`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let seeder = WorldSeeder(database: database)
            try await seeder.seed(world: world, passwordHash: "x", years: 0, at: now)
            let before = try await counts(database)

            let again = try await seeder.seed(world: world, passwordHash: "y", seed: 9, years: 0, at: now + .days(30))

            #expect(again == [])
            #expect(try await counts(database) == before)
        }
    }

    @Test(arguments: Engine.available) func `ten who seed one world at once make it once`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let made = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<10 {
                    group.addTask { try await WorldSeeder(database: database).seed(world: world, passwordHash: "x", years: 0, at: now) }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }

            #expect(made.count == 5)
            #expect(Set(made).count == 5)
            let totals = try await database.read { tx in try Books().totals(of: world, in: tx) }
            #expect(totals.values.allSatisfy { $0 == 0 })
            #expect(try await counts(database)["person"] == 5)
            #expect(try await counts(database)["audit_log"] == 5)
        }
    }

    @Test(arguments: Engine.available) func `two worlds share nothing`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let other = OrganisationID(trusted: "org_other")
            try await WorldSeeder(database: database).seed(world: world, passwordHash: "x", years: 0, at: now)
            try await WorldSeeder(database: database).seed(world: other, passwordHash: "x", years: 0, at: now)

            #expect(try await counts(database)["person"] == 10)
            let here = Persona.all.flatMap { $0.accountIDs(in: world) }
            let there = Persona.all.flatMap { $0.accountIDs(in: other) }
            #expect(Set(here).isDisjoint(with: there))
            #expect(Set(here).count == here.count)
        }
    }

    @Test(arguments: Engine.available) func `a world where a name is taken says so and keeps no half customer`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            try await database.write { tx in
                _ = try People().create(
                    NewPerson(
                        id: PersonID(trusted: "usr_other"), population: .customer, world: world, signInName: "amina.traveler", name: "Another Amina",
                        passwordHash: nil), at: now, in: tx)
            }

            await #expect(throws: WorldSeedingError.nameTaken("amina.traveler")) {
                try await WorldSeeder(database: database).seed(world: world, passwordHash: "x", years: 0, at: now)
            }

            let accounts = try await database.read { tx in try Accounts().list(Persona.all[0].accountIDs(in: world), in: tx) }
            #expect(accounts.isEmpty)
        }
    }

    @Test func `the catalogue has a line for each customer`() {
        #expect(PersonaCatalogue.entries.map(\.signInName) == ["amina.traveler", "brian.parent", "chao.digital", "diana.student", "elijah.boomer"])
        #expect(PersonaCatalogue.entries.first?.title == "Amina, frequent traveller")
        #expect(PersonaCatalogue.entries.allSatisfy { !$0.goodFor.isEmpty && !$0.summary.isEmpty && !$0.goodFor.hasSuffix(".") })
    }
}
