import Bank
import Consents
import Events
import OpenBanking
import Payments
import Primitives
import Risk
import Storage
import Testing
import TestSupport

let noon = Timestamp(seconds: 1_795_262_400)
let nairobi = OrganisationID(trusted: "org_nairobi")
let acme = OrganisationID(trusted: "org_acme")
let copilot = AppID(trusted: "app_copilot")
let amina = PersonID(trusted: "usr_amina")

extension AccountID {
    static let everyday = AccountID(trusted: "acc_everyday")
    static let savings = AccountID(trusted: "acc_savings")
    static let clearing = InternalAccount.clearing.id(.kes, in: nairobi)
}

func kes(_ shillings: Int64) -> Money { Money(minorUnits: shillings * 100, currency: .kes) }

/// A bill of Kenya Power, which banks elsewhere.
func bill(_ amount: Money = kes(100), to account: String = "KPLC-882-001", reference: String = "Bill 77") -> PaymentInstruction {
    PaymentInstruction(stored: amount, creditor: Creditor(name: "Kenya Power", account: account), reference: reference)
}

/// A bank where Amina has 1,000 shillings on one account and none on another.
func withBank<R>(_ engine: Engine, holding amount: Money = kes(1_000), _ body: (any Database) async throws -> R) async throws -> R {
    let migrations = StorageMigrations.all + EventsMigrations.all + BankMigrations.all + ConsentsMigrations.all + PaymentsMigrations.all
    return try await withDatabase(engine, migrations: migrations) { database in
        try await database.write { tx in
            try Books().open(nairobi, at: noon, in: tx)
            for (id, number) in [(AccountID.everyday, "0100-200300"), (.savings, "0100-200301")] {
                _ = try Accounts().open(
                    NewAccount(
                        id: id, world: nairobi, holders: [AccountHolder(person: amina, name: "Amina Hassan")], name: "Everyday account",
                        product: "Wekeza Everyday", kind: .current, currency: .kes, number: number, openedAt: noon - .days(400)), in: tx)
            }
            let opening = try JournalEntry(
                id: EntryID(trusted: "ent_opening"), world: nairobi, kind: .opening, bookedAt: noon - .days(200),
                postings: [
                    Posting(
                        id: TransactionID(trusted: "txn_opening"), account: .everyday, amount: amount,
                        narrative: Narrative("Opening", category: .other, channel: .bank)),
                    Posting(
                        id: TransactionID(trusted: "txn_opening_b"), account: .clearing,
                        amount: Money(minorUnits: -amount.minorUnits, currency: amount.currency),
                        narrative: Narrative("Opening", category: .other, channel: .bank)),
                ])
            _ = try Books().post(opening, in: tx).get()
        }
        return try await body(database)
    }
}

/// The number of Amina's account in dollars, once it is open.
let dollars = "0100-200302"

extension Database {
    func openDollars() async throws {
        _ = try await write { tx in
            try Accounts().open(
                NewAccount(
                    id: AccountID(trusted: "acc_dollars"), world: nairobi, holders: [AccountHolder(person: amina, name: "Amina Hassan")],
                    name: "Dollar account", product: "Wekeza Foreign Currency", kind: .current, currency: .usd, number: dollars, openedAt: noon - .days(400)),
                in: tx)
        }
    }

    /// A payment consent that Amina approved, with her everyday account unless told otherwise.
    func approved(
        _ instruction: PaymentInstruction = bill(), from account: AccountID = .everyday, at now: Timestamp = noon, expiresAt: Timestamp? = nil
    ) async throws -> ConsentID {
        try await approved(.single(instruction, executionDate: nil), from: account, at: now, expiresAt: expiresAt)
    }

    func approved(
        _ order: PaymentOrder, from account: AccountID = .everyday, at now: Timestamp = noon, expiresAt: Timestamp? = nil
    ) async throws -> ConsentID {
        try await write { tx in
            let new = NewConsent(
                appID: copilot, organisationID: acme, payment: PaymentTerms(order: order, debtorAccount: nil),
                expiresAt: expiresAt ?? now + ConsentTerm.payment)
            let lodged = try Consents().lodge(new, by: .app(copilot), at: now, requestID: nil, in: tx)
            let authorised = try Consents().authorise(
                lodged.id, by: amina, accounts: [account], grant: GrantID(trusted: "grt_1"), at: now, requestID: nil, in: tx)
            return try #require(authorised).id
        }
    }

    func make(
        _ instruction: PaymentInstruction = bill(), under consent: ConsentID, by app: AppID = copilot, as kind: PaymentKind = .payment,
        on day: CivilDate? = nil, key: String? = "key-1", at now: Timestamp = noon
    ) async throws -> Result<Payment, PaymentRefusal> {
        try await PaymentProcess(database: self, deadline: .seconds(60)).make(
            NewPayment(
                appID: app, organisationID: acme, personID: amina, consentID: consent, kind: kind, instruction: instruction, executionDate: day,
                idempotencyKey: key), at: now
        ) { payment, _ in payment }
    }

    /// Executes, then settles what is due.
    func work(at now: Timestamp) async throws {
        while try await PaymentProcess(database: self, deadline: .seconds(60)).executeDue(by: ManualClock(now)) > 0 {}
        try await settleDue(at: now)
    }

    func balance(of account: AccountID = .everyday) async throws -> Balance {
        try await read { tx in try #require(try Accounts().balance(of: account, at: noon, in: tx)) }
    }

    func consentStatus(_ id: ConsentID, at now: Timestamp = noon) async throws -> ConsentStatus? {
        try await read { try Consents().status(of: id, at: now, in: $0) }
    }

    func timeline(_ payment: Payment) async throws -> [PaymentStatus] {
        try await read { try PaymentRecords().timeline(of: payment.id, in: $0).map(\.status) }
    }

    func settleDue(at now: Timestamp) async throws {
        _ = try await write { try PaymentBooks().settleDue(at: now, in: $0) }
    }

    /// Postings sum to zero, and each balance is the sum of its postings.
    func expectSoundBooks() async throws {
        try await read { tx in
            #expect(try Books().totals(of: nairobi, in: tx).values.allSatisfy { $0 == 0 })
            for account in [AccountID.everyday, .savings] {
                let balance = try #require(try Accounts().balance(of: account, at: noon, in: tx))
                #expect(try Books().derivedBalance(of: account, in: tx) == balance.booked.minorUnits)
                #expect(balance.booked.minorUnits >= 0)
            }
        }
    }
}

extension RiskInputs {
    /// What no rule doubts.
    static func harmless(_ payment: Payment) -> RiskInputs {
        RiskInputs(
            amount: payment.instruction.amount, available: .max, knowsCreditor: true, largestBefore: .max, countBefore: 10, paymentsLastHour: 0, hour: 12)
    }
}
