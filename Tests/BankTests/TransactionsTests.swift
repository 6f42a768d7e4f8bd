import Bank
import Primitives
import Storage
import Testing
import TestSupport

@Suite("Pages of transactions, on both engines")
struct TransactionsTests {
    /// Thirty payments, several of them booked in one second, and four that are pending.
    private func withHistory<R>(_ engine: Engine, _ body: (any Database) async throws -> R) async throws -> R {
        try await withBank(engine, holding: kes(100_000)) { database in
            try await database.write { tx in
                for number in 0..<30 {
                    let amount = number.isMultiple(of: 3) ? kes(50) : kes(-20)
                    _ = try Books().post(entry("\(number)", amount, at: noon - .days(100) + .hours(Int64(number / 4))), in: tx).get()
                }
                for number in 0..<4 {
                    try Books().hold(hold("h\(number)", number == 0 ? kes(70) : kes(-10), at: noon - .hours(Int64(number))), in: tx).get()
                }
            }
            return try await body(database)
        }
    }

    private func allPages(
        _ database: any Database, filter: TransactionFilter = TransactionFilter(), limit: Int, between: (Int) async throws -> Void = { _ in }
    ) async throws -> [BankTransaction] {
        var found: [BankTransaction] = []
        var cursor: TransactionCursor?
        var pages = 0
        repeat {
            let after = cursor
            let page = try await database.read { tx in try Transactions().list(account: .everyday, filter: filter, after: after, limit: limit, in: tx) }
            #expect(page.transactions.count <= limit)
            found += page.transactions
            cursor = page.next
            pages += 1
            try await between(pages)
        } while cursor != nil && pages < 200
        return found
    }

    @Test(arguments: Engine.available, [1, 2, 3, 7, 34, 35, 36, 500]) func `pages of any size together are the whole, once`(engine: Engine, limit: Int)
        async throws
    {
        try await withHistory(engine) { database in
            let found = try await allPages(database, limit: limit)
            #expect(found.count == 35)
            #expect(Set(found.map(\.id)).count == 35)
            #expect(found.map(\.bookedAt) == found.map(\.bookedAt).sorted(by: >))
        }
    }

    @Test(arguments: Engine.available, [UInt64(1), 2, 3, 4, 5]) func `what is booked between pages neither repeats nor hides anything`(
        engine: Engine, seed: UInt64
    ) async throws {
        try await withHistory(engine) { database in
            let before = Set(try await allPages(database, limit: 500).map(\.id))
            let chance = SeededRandom(seed)

            let found = try await allPages(database, limit: 4) { page in
                // Some come at the top, some far back in time.
                for number in 0..<3 {
                    let age = Int64(chance.bytes(1)[0]) * 3600 * 12
                    _ = try await database.post(entry("late\(page)_\(number)", kes(-1), at: noon - .seconds(age))).get()
                }
            }

            #expect(Set(found.map(\.id)).count == found.count)
            #expect(before.isSubset(of: found.map(\.id)))
        }
    }

    @Test(arguments: Engine.available) func `both ends of the dates are included`(engine: Engine) async throws {
        try await withHistory(engine) { database in
            let first = noon - .days(100)
            let filter = TransactionFilter(from: first, to: first + .hours(1))
            let found = try await allPages(database, filter: filter, limit: 3)
            #expect(found.count == 8)
            #expect(found.allSatisfy { $0.bookedAt >= first && $0.bookedAt <= first + .hours(1) })
            let none = try await allPages(database, filter: TransactionFilter(from: first + .milliseconds(1), to: first + .minutes(59)), limit: 3)
            #expect(none.isEmpty)
        }
    }

    @Test(arguments: Engine.available) func `absurd dates find all or nothing, without a trap`(engine: Engine) async throws {
        try await withHistory(engine) { database in
            let all = TransactionFilter(from: Timestamp(milliseconds: .min), to: .distantFuture)
            let found = try await allPages(database, filter: all, limit: 500)
            #expect(found.count == 35)
            let none = TransactionFilter(from: .distantFuture, to: Timestamp(milliseconds: .min))
            let nothing = try await allPages(database, filter: none, limit: 500)
            #expect(nothing.isEmpty)
        }
    }

    @Test(arguments: Engine.available) func `a direction that was not asked for is left out`(engine: Engine) async throws {
        try await withHistory(engine) { database in
            let credits = try await allPages(database, filter: TransactionFilter(directions: [.credit]), limit: 4)
            let debits = try await allPages(database, filter: TransactionFilter(directions: [.debit]), limit: 4)
            #expect(credits.allSatisfy { $0.direction == .credit && $0.amount.minorUnits > 0 })
            #expect(debits.allSatisfy { $0.direction == .debit && $0.amount.minorUnits > 0 })
            #expect(credits.count == 12)
            #expect(debits.count == 23)
            #expect(try await allPages(database, filter: TransactionFilter(directions: []), limit: 4).isEmpty)
        }
    }

    @Test(arguments: Engine.available) func `pending ones stand among the booked by their time, and can be left out`(engine: Engine) async throws {
        try await withHistory(engine) { database in
            let found = try await allPages(database, limit: 500)
            #expect(found.prefix(4).map(\.status) == [.pending, .pending, .pending, .pending])
            #expect(found.prefix(4).allSatisfy { $0.runningBalance == nil && $0.valueAt > $0.bookedAt })
            #expect(found.dropFirst(4).allSatisfy { $0.status == .booked && $0.runningBalance != nil })
            let booked = try await allPages(database, filter: TransactionFilter(statuses: [.booked]), limit: 10)
            #expect(booked.count == 31)
        }
    }

    @Test(arguments: Engine.available) func `running balances follow from each other`(engine: Engine) async throws {
        try await withHistory(engine) { database in
            let booked = try await allPages(database, filter: TransactionFilter(statuses: [.booked]), limit: 500).reversed()
            var balance: Int64 = 0
            for transaction in booked {
                balance += transaction.direction == .credit ? transaction.amount.minorUnits : -transaction.amount.minorUnits
                #expect(transaction.runningBalance?.minorUnits == balance)
            }
            #expect(try await database.balance().booked.minorUnits == balance)
        }
    }

    @Test(arguments: Engine.available) func `another account's transactions never appear`(engine: Engine) async throws {
        try await withHistory(engine) { database in
            let page = try await database.read { tx in try Transactions().list(account: .savings, limit: 10, in: tx) }
            #expect(page.transactions.isEmpty && page.next == nil)
            let foreign = try await database.read { tx in try Transactions().find(TransactionID(trusted: "txn_1_a"), of: .savings, in: tx) }
            #expect(foreign == nil)
            let own = try await database.read { tx in try Transactions().find(TransactionID(trusted: "txn_1_a"), of: .everyday, in: tx) }
            #expect(own?.amount == kes(20))
        }
    }

    @Test func `a cursor survives its text`() {
        for text in ["dDEuMTIzLjQ", "dDEuLTEuNQ"] {
            #expect(TransactionCursor(text)?.text == text)
        }
    }

    @Test(arguments: [
        "", "x", "!!!", "dDEuMTIz", "dDIuMTIzLjQ", "dDEuMTIzLjQu", "dDEuKzEuNA", "dDEuOTk5OTk5OTk5OTk5OTk5OTk5OTk5LjE", String(repeating: "A", count: 500),
    ])
    func `what is no cursor is refused`(text: String) {
        #expect(TransactionCursor(text) == nil)
    }
}
