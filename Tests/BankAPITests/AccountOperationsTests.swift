import Bank
import BankAPI
import Consents
import Contract
import Gateway
import JSON
import OpenBanking
import Primitives
import Storage
import Testing
import TestSupport
import Web

@Suite("The account operations, on both engines")
struct AccountOperationsTests {
    @Test func `the bank answers every operation that the contract says it serves`() throws {
        let served = try accountsContract().operations.filter { $0.access?.server == .bank }.map(\.id)
        #expect(Set(served) == BankUpstream.operations)
    }

    // MARK: accounts

    @Test(arguments: Engine.available) func `the list holds exactly the accounts that the customer chose`(engine: Engine) async throws {
        try await withAmina(engine) { database in
            let consent = try await database.consent(accounts: [shared[0], shared[2]])
            let list = try await database.read("listAccounts", consent)

            let ids = list["data"]?.array?.compactMap { $0["id"]?.string } ?? []
            #expect(Set(ids) == [shared[0].rawValue, shared[2].rawValue])
            #expect(list["links"]?["self"]?.string == "http://localhost:8080/v1/accounts")
            #expect(list["links"]?["next"] == nil)
            let everyday = list["data"]?.array?.first
            #expect(everyday?["name"]?.string == "Everyday account")
            #expect(everyday?["kind"]?.string == "current")
            #expect(everyday?["currency"]?.string == "KES")
            #expect(everyday?["masked_number"]?.string == "•••• 4417")
            #expect(everyday?["status"]?.string == "open")
        }
    }

    @Test(arguments: Engine.available) func `the list never shows a number or a holder`(engine: Engine) async throws {
        try await withAmina(engine) { database in
            let body = String(decoding: try await database.call("listAccounts", try await database.consent()).body, as: UTF8.self)
            #expect(!body.contains("0112045684417"))
            #expect(!body.contains("Hassan"))
        }
    }

    @Test(arguments: Engine.available, [1, 2, 3]) func `pages of accounts together are the list`(engine: Engine, limit: Int) async throws {
        try await withAmina(engine) { database in
            let consent = try await database.consent()
            var ids: [String] = []
            var query = "limit=\(limit)"
            for _ in 0..<5 {
                let page = try await database.read("listAccounts", consent, query: query)
                let entries = page["data"]?.array ?? []
                #expect(entries.count <= limit)
                ids += entries.compactMap { $0["id"]?.string }
                guard let next = page["links"]?["next"]?.string else { break }
                #expect(next.hasPrefix("http://localhost:8080/v1/accounts?limit=\(limit)&cursor="))
                query = String(next.split(separator: "?")[1])
            }
            #expect(Set(ids) == Set(shared.map(\.rawValue)))
            #expect(ids.count == 3)
        }
    }

    @Test(arguments: Engine.available) func `an account closed since drops out of the list alone, and says why when it is asked for`(engine: Engine)
        async throws
    {
        try await withAmina(engine) { database in
            let consent = try await database.consent()
            _ = try await database.write { tx in
                try Accounts().setStatus(.frozen, of: everyday, because: "it was frozen on 21 November 2026", at: now, in: tx)
            }

            let list = try await database.read("listAccounts", consent)
            #expect(list["data"]?.array?.compactMap { $0["id"]?.string }.contains(everyday.rawValue) == false)
            #expect(list["data"]?.array?.count == 2)
            for operation in ["getAccountBalance", "listTransactions", "getAccountDetails"] {
                let problem = try await database.problem(operation, consent, account: everyday)
                #expect(problem?.code == .accountNotInConsent, "\(operation)")
                #expect(problem?.detail == "The account is no longer shared: it was frozen on 21 November 2026.")
                #expect(problem?.errors.first?.rule == "account_status")
                #expect(problem?.errors.first?.got == "frozen")
            }
        }
    }

    @Test(arguments: Engine.available) func `an account outside the consent is refused, even if the gateway let it through`(engine: Engine) async throws {
        try await withAmina(engine) { database in
            let consent = try await database.consent(accounts: [shared[1]])
            #expect(try await database.problem("getAccountBalance", consent, account: everyday)?.code == .accountNotInConsent)
            #expect(try await database.problem("listTransactions", consent, account: nil)?.code == .accountNotInConsent)
            #expect(try await database.problem("listAccounts", nil)?.code == .consentRequired)
        }
    }

    @Test(arguments: Engine.available) func `details show the number and the holders`(engine: Engine) async throws {
        try await withAmina(engine) { database in
            let details = try await database.read("getAccountDetails", try await database.consent(), account: everyday)
            #expect(details["number"]?.string == "0112045684417")
            #expect(details["holder"]?.string == "Amina Hassan")
            #expect(details["joint_holders"]?.array == [])
            #expect(details["opened_at"]?.string == "2019-03-12T00:00:00Z")
        }
    }

    // MARK: balance

    @Test(arguments: Engine.available) func `the balance is the ledger's`(engine: Engine) async throws {
        try await withAmina(engine) { database in
            let balance = try await database.read("getAccountBalance", try await database.consent(), account: everyday)
            let ledger = try await database.read { tx in try Accounts().balance(of: everyday, at: now, in: tx) }
            #expect(balance["booked"]?["amount"]?.string == ledger?.booked.decimal)
            #expect(balance["available"]?["amount"]?.string == ledger?.available.decimal)
            #expect(balance["available"]?["currency"]?.string == "KES")
            #expect(balance["as_of"]?.string == now.rfc3339)
        }
    }

    // MARK: transactions

    @Test(arguments: Engine.available) func `pages of transactions together are the whole, and keep the request's dates`(engine: Engine) async throws {
        try await withAmina(engine) { database in
            let consent = try await database.consent()
            let window = (now - .days(60))...now
            let start = "from=\(window.lowerBound.rfc3339.replacing(":", with: "%3A"))&limit=25"
            var ids: [String] = []
            var query = start
            var pages = 0
            while pages < 50 {
                let page = try await database.read("listTransactions", consent, account: everyday, query: query, window: window)
                ids += page["data"]?.array?.compactMap { $0["id"]?.string } ?? []
                pages += 1
                #expect(page["links"]?["self"]?.string == "http://localhost:8080/v1/accounts/\(everyday)/transactions?\(query)")
                guard let next = page["links"]?["next"]?.string else { break }
                query = String(next.split(separator: "?")[1])
                #expect(query.hasPrefix(start + "&cursor="))
            }
            let whole = try await database.read { tx in
                try Transactions().list(account: everyday, filter: TransactionFilter(from: window.lowerBound, to: now), limit: 500, in: tx)
            }
            #expect(pages > 2)
            #expect(ids == whole.transactions.map(\.id.rawValue))
        }
    }

    @Test(arguments: Engine.available) func `what lies outside the window is not told`(engine: Engine) async throws {
        try await withAmina(engine) { database in
            let consent = try await database.consent()
            let window = (now - .days(40))...(now - .days(20))
            let list = try await database.read("listTransactions", consent, account: everyday, query: "limit=500", window: window)
            let times = list["data"]?.array?.compactMap { $0["booked_at"]?.string } ?? []
            #expect(!times.isEmpty)
            #expect(times.allSatisfy { $0 >= window.lowerBound.rfc3339 && $0 <= window.upperBound.rfc3339 })
        }
    }

    @Test(arguments: Engine.available) func `without ReadTransactionsDetail nobody learns what it was for`(engine: Engine) async throws {
        try await withAmina(engine) { database in
            let basic = try await database.consent([.readAccountsBasic, .readTransactionsBasic, .readTransactionsCredits, .readTransactionsDebits])
            let entries = try await database.read("listTransactions", basic, account: everyday)["data"]?.array ?? []
            #expect(!entries.isEmpty)
            for entry in entries {
                #expect(entry["description"] == nil && entry["counterparty"] == nil && entry["category"] == nil)
                #expect(entry["amount"] != nil && entry["direction"] != nil && entry["booked_at"] != nil)
            }
            let detailed = try await database.read("listTransactions", try await database.consent(), account: everyday)["data"]?.array ?? []
            #expect(detailed.allSatisfy { $0["description"]?.string != nil && $0["category"]?.string != nil })
        }
    }

    @Test(arguments: Engine.available, [Permission.readTransactionsCredits, .readTransactionsDebits])
    func `a direction without permission is left out without a word`(engine: Engine, permission: Permission) async throws {
        try await withAmina(engine) { database in
            let consent = try await database.consent([.readAccountsBasic, .readTransactionsDetail, permission])
            let entries = try await database.read("listTransactions", consent, account: everyday, query: "limit=500")["data"]?.array ?? []
            let directions = Set(entries.compactMap { $0["direction"]?.string })
            #expect(directions == [permission == .readTransactionsCredits ? "credit" : "debit"])
        }
    }

    @Test(arguments: Engine.available) func `pending transactions are told, and marked`(engine: Engine) async throws {
        try await withAmina(engine) { database in
            let entries = try await database.read("listTransactions", try await database.consent(), account: everyday)["data"]?.array ?? []
            #expect(Set(entries.compactMap { $0["status"]?.string }) == ["booked", "pending"])
        }
    }

    @Test(arguments: Engine.available)
    func `a booked transaction names the pending one that it was, without ReadTransactionsDetail too`(engine: Engine) async throws {
        try await withAmina(engine) { database in
            let basic = try await database.consent([.readAccountsBasic, .readTransactionsBasic, .readTransactionsCredits, .readTransactionsDebits])
            func entries(_ status: String) async throws -> [JSONValue] {
                let list = try await database.read("listTransactions", basic, account: everyday, query: "limit=500")
                return (list["data"]?.array ?? []).filter { $0["status"]?.string == status }
            }
            let pending = try await entries("pending")
            #expect(!pending.isEmpty && pending.allSatisfy { $0["pending_id"] == nil })

            _ = try await database.write { tx in try Books().settleDue(at: now + .days(30), randomness: SeededRandom(), in: tx) }

            let booked = try await entries("booked")
            let (before, after) = (Set(pending.compactMap { $0["id"]?.string }), Set(booked.compactMap { $0["pending_id"]?.string }))
            #expect(before.isSubset(of: after))
            #expect(booked.contains { $0["pending_id"] == nil })
            let rest = try await entries("pending")
            #expect(rest.isEmpty)
        }
    }

    @Test(arguments: ["x", "dDEuMQ", "YTEuMS5hY2NfMQ"]) func `a cursor of another kind is refused with its name`(cursor: String) async throws {
        try await withAmina(.sqlite) { database in
            let consent = try await database.consent()
            let problem = try await database.problem("listTransactions", consent, account: everyday, query: "cursor=\(cursor)")
            #expect(problem?.code == .invalidRequest)
            #expect(problem?.errors.first?.pointer == "/query/cursor")
        }
    }

    @Test func `a cursor of transactions is none of accounts`() async throws {
        try await withAmina(.sqlite) { database in
            let consent = try await database.consent()
            let page = try await database.read("listTransactions", consent, account: everyday, query: "limit=1")
            let next = try #require(page["links"]?["next"]?.string)
            let cursor = try #require(next.split(separator: "cursor=").last)
            let problem = try await database.problem("listAccounts", consent, query: "cursor=\(cursor)")
            #expect(problem?.code == .invalidRequest)
        }
    }
}
