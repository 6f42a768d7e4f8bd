import Bank
import Primitives
import Storage
import Testing
import TestSupport

@Suite("The books, on both engines")
struct BooksTests {
    @Test(arguments: Engine.available) func `a posting moves the balance and stays in the journal`(engine: Engine) async throws {
        try await withBank(engine) { database in
            _ = try await database.post(entry("rent", kes(-700))).get()

            #expect(try await database.balance().booked == kes(300))
            #expect(try await database.balance().available == kes(300))
            let found = try await database.read { tx in try Books().find(EntryID(trusted: "ent_rent"), in: tx) }
            #expect(found?.postings.map(\.amount) == [kes(-700), kes(700)])
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `a refusal is a value, and nothing is written for it`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let outcome = try await database.post(entry("rent", kes(-1_001)))

            #expect(outcome == .failure(.insufficientFunds(.everyday, available: kes(1_000))))
            #expect(try await database.read { tx in try Books().find(EntryID(trusted: "ent_rent"), in: tx) } == nil)
            #expect(try await database.balance().booked == kes(1_000))
        }
    }

    @Test(arguments: Engine.available) func `fifty withdrawals at once: as many win as the balance allows`(engine: Engine) async throws {
        try await withBank(engine, holding: kes(1_000), overdraft: 20_000) { database in
            // 1,000 and an overdraft of 200: twelve times 100.
            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        switch try await database.post(entry("race\(number)", kes(-100))) {
                        case .success: return true
                        case .failure: return false
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }

            #expect(wins == 12)
            #expect(try await database.balance().booked == kes(-200))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `fifty holds at once: as many win as the balance allows`(engine: Engine) async throws {
        try await withBank(engine, holding: kes(1_000)) { database in
            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        try await database.write { tx in
                            if case .success = try Books().hold(hold("race\(number)", kes(-300)), in: tx) { true } else { false }
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }

            #expect(wins == 3)
            #expect(try await database.balance().available == kes(100))
        }
    }

    @Test(arguments: Engine.available) func `transfers that cross each other all arrive`(engine: Engine) async throws {
        try await withBank(engine, holding: kes(1_000)) { database in
            _ = try await database.post(entry("saved", kes(1_000), on: .savings)).get()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let (from, to): (AccountID, AccountID) = number.isMultiple(of: 2) ? (.everyday, .savings) : (.savings, .everyday)
                        let transfer = try JournalEntry(
                            id: EntryID(trusted: "ent_x\(number)"), world: nairobi, kind: .transfer, bookedAt: noon,
                            postings: [posting("x\(number)a", from, kes(-10)), posting("x\(number)b", to, kes(10))])
                        _ = try await database.post(transfer).get()
                    }
                }
                try await group.waitForAll()
            }

            #expect(try await database.balance(.everyday).booked == kes(1_000))
            #expect(try await database.balance(.savings).booked == kes(1_000))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `an entry is reversed once, however many try`(engine: Engine) async throws {
        try await withBank(engine) { database in
            _ = try await database.post(entry("rent", kes(-700))).get()

            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        try await database.write { tx in
                            let outcome = try Books().reverse(
                                EntryID(trusted: "ent_rent"), because: "Sent twice", at: noon, randomness: SeededRandom(UInt64(number) + 100), in: tx)
                            if case .success = outcome { return true }
                            #expect(outcome == .failure(.alreadyReversed(EntryID(trusted: "ent_rent"))))
                            return false
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }

            #expect(wins == 1)
            #expect(try await database.balance().booked == kes(1_000))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `an unknown entry cannot be reversed`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let outcome = try await database.write { tx in
                try Books().reverse(EntryID(trusted: "ent_none"), because: "?", at: noon, randomness: SeededRandom(), in: tx)
            }
            #expect(outcome == .failure(.unknownEntry(EntryID(trusted: "ent_none"))))
        }
    }

    @Test(arguments: Engine.available) func `a hold is settled once, and its transaction names it`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let card = hold("card", kes(-400))
            try await database.write { tx in try Books().hold(card, in: tx).get() }
            #expect(try await database.balance().available == kes(600))
            #expect(try await database.balance().booked == kes(1_000))

            let first = try await database.write { tx in try Books().settle(card.id, with: entry("settle", kes(-400), pending: card.id), in: tx) }
            let second = try await database.write { tx in try Books().settle(card.id, with: entry("again", kes(-400), pending: card.id), in: tx) }

            #expect((try? first.get()) != nil)
            #expect(second == .failure(.notPending(card.id)))
            #expect(try await database.balance().available == kes(600))
            #expect(try await database.balance().booked == kes(600))
            let page = try await database.read { tx in try Transactions().list(account: .everyday, limit: 10, in: tx) }
            #expect(page.transactions.map(\.status) == [.booked, .booked])
            #expect(page.transactions.first?.pendingID == card.id)
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `a hold is released once`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let card = hold("card", kes(-400))
            try await database.write { tx in try Books().hold(card, in: tx).get() }

            let outcomes = try await database.write { tx in
                (try Books().release(card.id, at: noon, in: tx), try Books().release(card.id, at: noon, in: tx))
            }

            #expect((try? outcomes.0.get()) != nil)
            #expect(throws: LedgerRefusal.notPending(card.id)) { try outcomes.1.get() }
            #expect(try await database.balance().available == kes(1_000))
        }
    }

    @Test(arguments: Engine.available) func `holds are booked when their day comes, not before`(engine: Engine) async throws {
        try await withBank(engine) { database in
            try await database.write { tx in
                try Books().hold(hold("old", kes(-100), at: noon - .days(3)), in: tx).get()
                try Books().hold(hold("new", kes(-200), at: noon), in: tx).get()
            }

            let settled = try await database.write { tx in try Books().settleDue(at: noon, randomness: SeededRandom(), in: tx) }
            let again = try await database.write { tx in try Books().settleDue(at: noon, randomness: SeededRandom(2), in: tx) }

            let page = try await database.read { tx in try Transactions().list(account: .everyday, limit: 2, in: tx) }
            #expect(page.transactions.first { $0.status == .booked }?.bookedAt == noon)
            #expect(settled == 1)
            #expect(again == 0)
            #expect(try await database.balance().booked == kes(900))
            #expect(try await database.balance().available == kes(700))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `neither a posting nor its entry can be changed or removed`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: BankMigrations.all + BankMigrations.immutablePostings(on: engine)) { database in
            try await database.write { tx in
                try Books().open(nairobi, at: noon, in: tx)
                _ = try Accounts().open(newAccount(.everyday, number: "01124417"), in: tx)
                _ = try Books().post(entry("pay", kes(10)), in: tx).get()
            }
            let changes: [SQL] =
                [
                    "UPDATE posting SET amount = \(Int64(1))", "DELETE FROM posting", "UPDATE journal_entry SET booked_at = \(noon + .days(1))",
                    "DELETE FROM journal_entry WHERE NOT EXISTS (SELECT id FROM posting WHERE entry_id = journal_entry.id)",
                ] + (engine == .postgres ? ["TRUNCATE posting", "TRUNCATE journal_entry CASCADE"] : [])

            for change in changes {
                await #expect(throws: StorageError.self, "\(change)") {
                    try await database.write { tx in
                        // An entry without postings, which nothing but the table itself keeps.
                        try tx.execute("INSERT INTO journal_entry (id, world, kind, booked_at) VALUES (\("ent_bare"), \("w"), \("opening"), \(noon))")
                        try tx.execute(change)
                    }
                }
            }

            let kept = try await database.read { try $0.all("SELECT id FROM journal_entry").count + $0.all("SELECT id FROM posting").count }
            #expect(kept == 3)
            #expect(try await database.balance().booked == kes(10))
        }
    }

    @Test(arguments: Engine.available) func `an id is used once`(engine: Engine) async throws {
        try await withBank(engine) { database in
            _ = try await database.post(entry("rent", kes(-1))).get()
            await #expect(throws: StorageError.self) { try await database.post(entry("rent", kes(-1))) }
            #expect(try await database.balance().booked == kes(999))
        }
    }
}
