import Bank
import Primitives
import Storage
import Testing
import TestSupport

@Suite("Accounts, on both engines")
struct AccountsTests {
    @Test(arguments: Engine.available) func `a person's accounts are listed with their holders`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let accounts = try await database.read { tx in try Accounts().list(of: amina, in: tx) }
            #expect(accounts.map(\.id).contains(.everyday))
            #expect(accounts.count == 3)
            #expect(accounts.allSatisfy { $0.holder == amina && $0.holderNames == ["Amina Hassan"] && !$0.isJoint })
            #expect(accounts.first { $0.id == .everyday }?.maskedNumber == "•••• 4417")
        }
    }

    @Test(arguments: Engine.available) func `both holders of a joint account see it`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: BankMigrations.all) { database in
            let grace = PersonID(trusted: "usr_grace")
            let account = try await database.write { tx in
                let home = newAccount(
                    .everyday, number: "01126651",
                    joint: [AccountHolder(person: grace, name: "Grace Otieno"), AccountHolder(person: nil, name: "Rose Otieno")])
                _ = try Accounts().open(home, in: tx)
                return try Accounts().list(of: grace, in: tx)
            }
            #expect(account.map(\.id) == [.everyday])
            #expect(account.first?.holder == amina)
            #expect(account.first?.jointHolders == [grace])
            #expect(account.first?.holderNames == ["Amina Hassan", "Grace Otieno", "Rose Otieno"])
        }
    }

    @Test(arguments: Engine.available) func `nobody else's accounts, and never the bank's own`(engine: Engine) async throws {
        try await withBank(engine) { database in
            try await database.read { tx in
                let others = try Accounts().list(of: PersonID(trusted: "usr_other"), in: tx)
                #expect(others.isEmpty)
                let own = try Accounts().find(.clearing, in: tx)
                #expect(own == nil)
                let balance = try Accounts().balance(of: .clearing, at: noon, in: tx)
                #expect(balance == nil)
                let listed = try Accounts().list([.clearing, .everyday, AccountID(trusted: "acc_none")], in: tx)
                #expect(listed.map(\.id) == [.everyday])
                let none = try Accounts().list([], in: tx)
                #expect(none.isEmpty)
            }
        }
    }

    @Test(arguments: Engine.available) func `an account is opened once`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let again = try await database.write { tx in try Accounts().open(newAccount(.everyday, number: "01129999"), in: tx) }
            #expect(!again)
        }
    }

    @Test(arguments: Engine.available) func `a number is given once in a world`(engine: Engine) async throws {
        try await withBank(engine) { database in
            await #expect(throws: StorageError.self) {
                _ = try await database.write { tx in try Accounts().open(newAccount(AccountID(trusted: "acc_twin"), number: "01124417"), in: tx) }
            }
            let accounts = try await database.read { tx in try Accounts().list(of: amina, in: tx) }
            #expect(accounts.count == 3)
        }
    }

    @Test(arguments: Engine.available) func `an overdraft is part of what can be spent`(engine: Engine) async throws {
        try await withBank(engine, holding: kes(50), overdraft: 10_000) { database in
            let balance = try await database.balance()
            #expect(balance.booked == kes(50))
            #expect(balance.available == kes(150))
            #expect(balance.creditLine == kes(100))
            #expect(balance.asOf == noon)
        }
    }

    @Test(arguments: Engine.available) func `an account with money on it is not closed`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let closed = try await database.write { tx in
                try Accounts().setStatus(.closed, of: .everyday, because: "it was closed", at: noon, in: tx)
            }
            #expect(!closed)
            #expect(try await database.balance().status == .open)
        }
    }

    @Test(arguments: Engine.available) func `a closed account says why, cannot be shared and is not opened again`(engine: Engine) async throws {
        try await withBank(engine, holding: kes(0)) { database in
            let outcomes = try await database.write { tx in
                (
                    try Accounts().setStatus(.closed, of: .everyday, because: "it was closed on 21 November 2026", at: noon, in: tx),
                    try Accounts().setStatus(.open, of: .everyday, because: nil, at: noon, in: tx)
                )
            }
            let account = try await database.read { tx in try Accounts().find(.everyday, in: tx) }
            #expect(outcomes.0)
            #expect(!outcomes.1)
            #expect(account?.isShareable == false)
            #expect(account?.reasonNotShareable == "it was closed on 21 November 2026")
        }
    }

    @Test(arguments: Engine.available) func `a frozen account keeps its money and lets none out`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let frozen = try await database.write { tx in try Accounts().setStatus(.frozen, of: .everyday, because: nil, at: noon, in: tx) }
            #expect(frozen)
            #expect(try await database.balance().booked == kes(1_000))
            #expect(try await database.balance().available == kes(0))
            #expect(try await database.post(entry("out", kes(-1))) == .failure(.blocked(.everyday, .frozen)))
            #expect(try await database.read { tx in try Accounts().find(.everyday, in: tx) }?.reasonNotShareable == "it is frozen")
        }
    }
}
