import Bank
import Primitives
import Storage
import Testing
import TestSupport

/// The world of most tests, and the moment at which they happen.
let nairobi = OrganisationID(trusted: "org_nairobi")
let noon = Timestamp(seconds: 1_795_262_400)
let amina = PersonID(trusted: "usr_amina")

extension AccountID {
    static let everyday = AccountID(trusted: "acc_everyday")
    static let savings = AccountID(trusted: "acc_savings")
    static let dollars = AccountID(trusted: "acc_dollars")
    static let clearing = InternalAccount.clearing.id(.kes, in: nairobi)
    static let dollarClearing = InternalAccount.clearing.id(.usd, in: nairobi)
}

func kes(_ shillings: Int64) -> Money { Money(minorUnits: shillings * 100, currency: .kes) }
func usd(_ dollars: Int64) -> Money { Money(minorUnits: dollars * 100, currency: .usd) }

func posting(_ id: String, _ account: AccountID, _ amount: Money, pending: TransactionID? = nil, category: TransactionCategory = .transfer) -> Posting {
    Posting(
        id: TransactionID(trusted: "txn_\(id)"), account: account, amount: amount,
        narrative: Narrative("Story \(id)", counterparty: Counterparty(name: "Halima"), category: category, channel: .mobileMoney), pendingID: pending)
}

/// Money that comes to an account from outside, or leaves it.
func entry(
    _ id: String, _ amount: Money, on account: AccountID = .everyday, at moment: Timestamp = noon, pending: TransactionID? = nil
) throws -> JournalEntry {
    try JournalEntry(
        id: EntryID(trusted: "ent_\(id)"), world: nairobi, kind: .transfer, bookedAt: moment,
        postings: [
            posting("\(id)_a", account, amount, pending: pending),
            posting(
                "\(id)_b", InternalAccount.clearing.id(amount.currency, in: nairobi),
                Money(minorUnits: -amount.minorUnits, currency: amount.currency)),
        ])
}

func hold(_ id: String, _ amount: Money, on account: AccountID = .everyday, at moment: Timestamp = noon) -> Hold {
    Hold(
        id: TransactionID(trusted: "txn_\(id)"), account: account, amount: amount, madeAt: moment, settlesAt: moment + .days(2),
        narrative: Narrative("Card \(id)", counterparty: Counterparty(name: "Tumaini Supermarket"), category: .groceries, channel: .card))
}

func newAccount(_ id: AccountID, currency: Currency = .kes, number: String, overdraft: Int64 = 0, joint: [AccountHolder] = []) -> NewAccount {
    NewAccount(
        id: id, world: nairobi, holders: [AccountHolder(person: amina, name: "Amina Hassan")] + joint, name: "Everyday account",
        product: "Wekeza Everyday", kind: .current, currency: currency, number: number, openedAt: noon - .days(400), overdraftLimit: overdraft)
}

/// A bank with Amina's three accounts, the first of which holds the given amount.
func withBank<R>(
    _ engine: Engine, holding amount: Money = kes(1_000), overdraft: Int64 = 0, _ body: (any Database) async throws -> R
) async throws -> R {
    try await withDatabase(engine, migrations: BankMigrations.all) { database in
        try await database.write { tx in
            try Books().open(nairobi, at: noon, in: tx)
            #expect(try Accounts().open(newAccount(.everyday, number: "01124417", overdraft: overdraft), in: tx))
            #expect(try Accounts().open(newAccount(.savings, number: "01122093"), in: tx))
            #expect(try Accounts().open(newAccount(.dollars, currency: .usd, number: "01129023"), in: tx))
            if amount.minorUnits > 0 { _ = try Books().post(entry("opening", amount, at: noon - .days(300)), in: tx).get() }
        }
        return try await body(database)
    }
}

extension Database {
    func balance(_ account: AccountID = .everyday) async throws -> Balance {
        let balance = try await read { tx in try Accounts().balance(of: account, at: noon, in: tx) }
        return try #require(balance)
    }

    func post(_ entry: JournalEntry) async throws -> Result<[BookedPosting], LedgerRefusal> {
        try await write { tx in try Books().post(entry, in: tx) }
    }

    /// The maintained balances equal the sums of the postings, and everything sums to zero.
    func expectSoundBooks(of accounts: [AccountID] = [.everyday, .savings, .dollars], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for account in accounts {
            let (derived, kept) = try await read { tx in
                (try Books().derivedBalance(of: account, in: tx), try Accounts().balance(of: account, at: noon, in: tx)?.booked.minorUnits)
            }
            #expect(derived == kept, sourceLocation: sourceLocation)
        }
        let totals = try await read { tx in try Books().totals(of: nairobi, in: tx) }
        #expect(totals.values.allSatisfy { $0 == 0 }, sourceLocation: sourceLocation)
    }
}
