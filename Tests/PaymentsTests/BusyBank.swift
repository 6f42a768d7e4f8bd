import Bank
import Consents
import Events
import OpenBanking
import Payments
import Primitives
import Storage
import Synchronization
import TestSupport

/// A bank with accounts in every currency, and what was asked of it: kept outside of the database, to be held against it.
///
/// Of each currency there is an account with something on it, one that may be overdrawn as well, and one with nothing on it, which may be closed.
final class BusyBank: Sendable {
    let database: any Database
    let randomness: SeededRandom
    private let notes = Mutex(Notes())

    struct Notes {
        var now = noon
        var asked: [Asked] = []
        /// The consents that are not used up by a payment, each with what may be drawn under it.
        var limits: [ConsentID: Int64] = [:]
        /// The payments that were answered to each key: one at most.
        var answered: [String: Set<PaymentID>] = [:]
        /// The entries that were taken back, each time it succeeded.
        var reversed: [EntryID] = []
        /// How often what happened.
        var counts: [String: Int] = [:]
    }

    /// One payment as an app asks for it, once or again.
    struct Asked: Sendable {
        let consent: ConsentID
        let instruction: PaymentInstruction
        let key: String
        var kind = PaymentKind.payment
    }

    enum Purse: String, CaseIterable { case full, credit, empty }

    static let failing = Broken()
    struct Broken: Error {}

    private init(_ database: any Database, _ seed: UInt64) {
        self.database = database
        randomness = SeededRandom(seed)
    }

    static func run<R>(_ engine: Engine, seed: UInt64, _ body: (BusyBank) async throws -> R) async throws -> R {
        let migrations = StorageMigrations.all + EventsMigrations.all + BankMigrations.all + ConsentsMigrations.all + PaymentsMigrations.all
        return try await withDatabase(engine, migrations: migrations) { database in
            try await database.write { tx in
                try Books().open(nairobi, currencies: Currency.allCases, at: noon, in: tx)
                for currency in Currency.allCases { try open(currency, in: tx) }
            }
            return try await body(BusyBank(database, seed))
        }
    }

    private static func open(_ currency: Currency, in tx: any WriteTransaction) throws {
        for purse in Purse.allCases {
            _ = try Accounts().open(
                NewAccount(
                    id: account(purse, currency), world: nairobi, holders: [AccountHolder(person: amina, name: "Amina Hassan")], name: "An account",
                    product: "Wekeza Everyday", kind: .current, currency: currency, number: number(purse, currency), openedAt: noon - .days(400),
                    overdraftLimit: purse == .credit ? opening / 2 : 0), in: tx)
            guard purse != .empty else { continue }
            let narrative = Narrative("Opening", category: .other, channel: .bank)
            let entry = try JournalEntry(
                id: EntryID(trusted: "ent_opening_\(purse)_\(currency)"), world: nairobi, kind: .opening, bookedAt: noon - .days(200),
                postings: [
                    Posting(
                        id: TransactionID(trusted: "txn_\(purse)_\(currency)"), account: account(purse, currency),
                        amount: Money(minorUnits: opening, currency: currency), narrative: narrative),
                    Posting(
                        id: TransactionID(trusted: "txn_\(purse)_\(currency)_b"), account: InternalAccount.clearing.id(currency, in: nairobi),
                        amount: Money(minorUnits: -opening, currency: currency), narrative: narrative),
                ])
            _ = try Books().post(entry, in: tx).get()
        }
    }

    /// What is on an account at first, in minor units.
    static let opening: Int64 = 100_000

    static var accounts: [AccountID] { Currency.allCases.flatMap { currency in Purse.allCases.map { account($0, currency) } } }

    static func account(_ purse: Purse, _ currency: Currency) -> AccountID { AccountID(trusted: "acc_\(purse)_\(currency)") }

    static func number(_ purse: Purse, _ currency: Currency) -> String { "0100-\(purse)-\(currency)" }

    // MARK: What was asked

    var told: Notes { notes.withLock { $0 } }

    /// The bank's time goes on a little with each thing that happens.
    func later(_ seconds: Int) -> Timestamp {
        notes.withLock { notes in
            notes.now = notes.now + .seconds(seconds)
            return notes.now
        }
    }

    func note(_ asked: Asked) { notes.withLock { $0.asked.append(asked) } }

    func note(_ consent: ConsentID, limit: Int64) { notes.withLock { $0.limits[consent] = limit } }

    func note(_ payment: PaymentID, under key: String) { notes.withLock { _ = $0.answered[key, default: []].insert(payment) } }

    func note(reversed entry: EntryID) { notes.withLock { $0.reversed.append(entry) } }

    func count(_ what: String) { notes.withLock { $0.counts[what, default: 0] += 1 } }
}
