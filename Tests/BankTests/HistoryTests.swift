import Bank
import Primitives
import Storage
import Testing
import TestSupport

@Suite("The personas' lives")
struct HistoryTests {
    static func history(_ persona: Persona, world: OrganisationID = nairobi, seed: UInt64 = 1, years: Int? = nil, until now: Timestamp = noon) throws -> History
    {
        try HistoryGenerator.history(of: persona, holder: PersonID(trusted: "usr_\(persona.key)"), world: world, seed: seed, years: years, until: now)
    }

    @Test func `there are five, with names and numbers of their own`() {
        #expect(Persona.all.map(\.signInName) == ["amina.traveler", "brian.parent", "chao.digital", "diana.student", "elijah.boomer"])
        #expect(Set(Persona.all.map(\.phone)).count == 5)
        #expect(Set(Persona.all.map(\.email)).count == 5)
        #expect(Persona.all.allSatisfy { $0.email.hasSuffix("@example.test") })
    }

    @Test(arguments: Persona.all.map(\.key)) func `the same seed, world and moment give the same bytes`(key: String) throws {
        let persona = try #require(Persona.all.first { $0.key == key })
        let once = try Self.history(persona, years: 1)
        #expect(try Self.history(persona, years: 1).fingerprint == once.fingerprint)
        #expect(try Self.history(persona, seed: 2, years: 1).fingerprint != once.fingerprint)
    }

    /// What the first seed gives must be the same on every machine and in every version: bug reports rest on it.
    @Test func `the first seed's bytes are these`() throws {
        let fingerprints = try Persona.all.map { try Self.history($0, years: 1).fingerprint.text.prefix(12) }
        #expect(fingerprints == ["8ETj8MM-1hLu", "6pLIlQ5u9BIr", "lR2fcW-57giU", "xT92bfaaz6Bc", "p5GpqSZiNKSN"])
    }

    @Test func `another world has other ids and the same life`() throws {
        let here = try Self.history(.all[0], years: 1)
        let there = try Self.history(.all[0], world: OrganisationID(trusted: "org_mombasa"), years: 1)
        #expect(Set(here.accounts.map(\.new.id)).isDisjoint(with: there.accounts.map(\.new.id)))
        #expect(here.accounts.map(\.state) == there.accounts.map(\.state))
        #expect(here.accounts.allSatisfy { AccountID($0.new.id.rawValue) != nil && $0.new.id.rawValue.count == 24 })
    }

    @Test(arguments: [0, 1, 86_400, 1_700_000_000, 1_709_164_800, 1_767_225_599, 1_795_262_400, 4_102_444_800] as [Int64])
    func `a life can be lived until any moment`(seconds: Int64) throws {
        for persona in Persona.all {
            let history = try Self.history(persona, years: 1, until: Timestamp(seconds: seconds))
            #expect(history.transactionCount > 100)
            for account in history.accounts {
                #expect(account.state.booked + (account.state.overdraftLimit ?? 0) - account.state.held >= 0)
                #expect(account.new.openedAt <= Timestamp(seconds: seconds))
            }
        }
    }

    @Test func `Amina has two currencies and a deposit that says until when it is locked`() throws {
        let history = try Self.history(.all[0], years: 1)
        #expect(history.accounts.map(\.new.name) == ["Everyday account", "Travel savings", "Dollar account", "Fixed deposit"])
        #expect(Set(history.accounts.map(\.new.currency)) == [.kes, .usd])
        let deposit = try #require(history.accounts.last)
        #expect(deposit.new.status == .locked)
        #expect(deposit.new.statusReason == "it is locked until 14 January 2027")
        #expect(deposit.state.booked == 50_000_000)
        #expect(deposit.state.available == 0)
    }

    @Test func `Brian's home account is held with Grace`() throws {
        let history = try Self.history(.all[1], years: 1)
        #expect(history.accounts.first { $0.new.name == "Home account" }?.new.holders.map(\.name) == ["Brian Otieno", "Grace Wanjiru Otieno"])
    }

    @Test func `Diana has a frozen account and a closed, empty one, each with its reason`() throws {
        let history = try Self.history(.all[3])
        let frozen = try #require(history.accounts.first { $0.new.status == .frozen })
        let closed = try #require(history.accounts.first { $0.new.status == .closed })
        #expect(frozen.new.statusReason?.hasPrefix("it is frozen") == true)
        #expect(closed.new.statusReason == "it was closed on 4 March 2026")
        #expect(closed.state.booked == 0 && closed.state.held == 0)
    }
}

@Suite("The personas' lives in the books, on both engines")
struct WrittenHistoryTests {
    private func withLife<R>(_ engine: Engine, _ persona: Persona, years: Int? = nil, _ body: (any Database, History) async throws -> R) async throws -> R {
        let history = try HistoryTests.history(persona, years: years)
        return try await withDatabase(engine, migrations: BankMigrations.all) { database in
            try await database.write { tx in
                try Books().open(nairobi, at: noon, in: tx)
                #expect(try HistoryWriter().write(history, in: tx))
            }
            return try await body(database, history)
        }
    }

    private func statement(_ database: any Database, _ account: AccountID, _ filter: TransactionFilter = TransactionFilter()) async throws -> [BankTransaction]
    {
        var found: [BankTransaction] = []
        var cursor: TransactionCursor?
        repeat {
            let after = cursor
            let page = try await database.read { tx in try Transactions().list(account: account, filter: filter, after: after, limit: 500, in: tx) }
            found += page.transactions
            cursor = page.next
        } while cursor != nil
        return found
    }

    @Test(arguments: Engine.available, Persona.all.map(\.key)) func `balances are the sums of the postings, and the world sums to zero`(
        engine: Engine, key: String
    ) async throws {
        let persona = try #require(Persona.all.first { $0.key == key })
        try await withLife(engine, persona, years: 1) { database, history in
            try await database.expectSoundBooks(of: history.accounts.map(\.new.id))
            var count = 0
            for account in history.accounts {
                let statement = try await statement(database, account.new.id)
                count += statement.count
                let pending = statement.filter { $0.status == .pending && $0.direction == .debit }
                #expect(pending.reduce(0) { $0 + $1.amount.minorUnits } == account.state.held)
                // The order of the statement is the order in which things happened.
                let booked = statement.filter { $0.status == .booked }.reversed()
                var balance: Int64 = 0
                for transaction in booked {
                    balance += transaction.direction == .credit ? transaction.amount.minorUnits : -transaction.amount.minorUnits
                    #expect(transaction.runningBalance?.minorUnits == balance)
                }
            }
            #expect(count == history.transactionCount)
        }
    }

    @Test(arguments: Engine.available) func `writing twice changes nothing`(engine: Engine) async throws {
        try await withLife(engine, .all[3], years: 1) { database, history in
            let again = try await database.write { tx in try HistoryWriter().write(history, in: tx) }
            #expect(!again)
            try await database.expectSoundBooks(of: history.accounts.map(\.new.id))
        }
    }

    @Test func `Chao is paid monthly, pays rent monthly, and spends more in December than in January`() async throws {
        try await withLife(.sqlite, .all[2]) { database, history in
            let statement = try await statement(database, history.accounts[0].new.id)
            for ago in 1...22 {
                let here = statement.of(month: noon.date.monthsBefore(ago))
                #expect(here.count { $0.category == .income && $0.description.hasPrefix("Salary") } == 1, "\(ago) months ago")
                #expect(here.count { $0.category == .rent } == 1, "\(ago) months ago")
                #expect(here.count > 100, "\(ago) months ago")
            }
            let november = statement.of(month: noon.date.monthsBefore(12)).spending
            let december = statement.of(month: noon.date.monthsBefore(11)).spending
            let january = statement.of(month: noon.date.monthsBefore(10)).spending
            #expect(december > january * 13 / 10)
            #expect(december > november)
        }
    }

    @Test(arguments: [0, 1, 4]) func `salaries and pensions come once a month on a working day`(index: Int) async throws {
        try await withLife(.sqlite, Persona.all[index], years: 2) { database, history in
            let statement = try await statement(database, history.accounts[0].new.id)
            let paydays = statement.filter { $0.description.hasPrefix("Salary") || $0.description.hasPrefix("Pension") }.map(\.bookedAt.date)
            #expect(paydays.count == 24)
            #expect(Set(paydays.map(\.monthCount)).count == 24)
            #expect(paydays.allSatisfy { $0.weekday <= 5 })
        }
    }

    @Test(arguments: [(0, 0), (1, 1), (3, 0)]) func `the rent is paid every month`(persona: Int, account: Int) async throws {
        try await withLife(.sqlite, Persona.all[persona]) { database, history in
            let rents = try await statement(database, history.accounts[account].new.id).filter { $0.category == .rent }
            #expect((23...24).contains(rents.count))
            #expect(Set(rents.map(\.bookedAt.date.monthCount)).count == rents.count)
        }
    }

    @Test func `school fees come three times a year`() async throws {
        try await withLife(.sqlite, .all[1]) { database, history in
            let fees = try await statement(database, history.accounts[2].new.id).filter { $0.category == .education }
            #expect(fees.count == 6)
            #expect(Set(fees.map(\.bookedAt.date.month)) == [1, 5, 9])
        }
    }

    @Test func `Amina has pending card payments, and booked ones that name the pending ones they were`() async throws {
        try await withLife(.sqlite, .all[0], years: 1) { database, history in
            let statement = try await statement(database, history.accounts[0].new.id)
            let pending = statement.filter { $0.status == .pending }
            #expect(!pending.isEmpty)
            #expect(pending.allSatisfy { $0.channel == .card && $0.bookedAt <= noon && $0.valueAt > noon })
            let traced = statement.filter { $0.pendingID != nil }
            #expect(!traced.isEmpty)
            #expect(traced.allSatisfy { $0.bookedAt > noon - .days(50) && $0.valueAt < $0.bookedAt })
        }
    }

    @Test func `Diana's balance is low, Elijah's history is long`() async throws {
        try await withLife(.sqlite, .all[3]) { database, history in
            let balances = try await statement(database, history.accounts[0].new.id).compactMap(\.runningBalance?.minorUnits)
            #expect(balances.allSatisfy { $0 >= 0 && $0 < 5_000_000 })
            #expect(balances.contains { $0 < 10_000 })
        }
        let elijah = try HistoryTests.history(.all[4])
        #expect(elijah.transactionCount > 2_000)
    }

    @Test(arguments: Engine.available) func `the five lives are written within seconds`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: BankMigrations.all) { database in
            let clock = ContinuousClock()
            let duration = try await clock.measure {
                for persona in Persona.all {
                    let history = try HistoryTests.history(persona)
                    try await database.write { tx in
                        try Books().open(nairobi, at: noon, in: tx)
                        #expect(try HistoryWriter().write(history, in: tx))
                    }
                }
            }
            // Two seconds in release mode; unoptimised, on a machine that does other things, it may take longer.
            #expect(duration < .seconds(40))
        }
    }
}

extension CivilDate {
    /// The month so many months before this one, as a count of months.
    fileprivate func monthsBefore(_ count: Int) -> Int { monthCount - count }
    fileprivate var monthCount: Int { year * 12 + month }
}

extension [BankTransaction] {
    fileprivate func of(month: Int) -> [BankTransaction] { filter { $0.bookedAt.date.monthCount == month } }

    /// What went out for anything but rent and savings.
    fileprivate var spending: Int64 {
        filter { $0.direction == .debit && $0.category != .savings && $0.category != .rent }.reduce(0) { $0 + $1.amount.minorUnits }
    }
}
