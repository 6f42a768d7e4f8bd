import Bank
import Consents
import OpenBanking
import Payments
import Primitives
import Storage
import Testing

extension BusyBank {
    /// What holds whatever happened, in whatever order.
    func expectTruths() async throws {
        let told = told
        let (books, payments) = try await database.read { tx in
            (try KeptBooks(in: tx), try KeptPayments(in: tx))
        }
        expectBalance(books)
        expectHolds(books, payments)
        expectOneEffect(of: told, payments)
        expectPaths(payments)
        expectMoneyMoved(by: payments, told, books)
    }

    /// Postings sum to zero in each currency, and what is kept of each account follows from its postings and holds.
    private func expectBalance(_ books: KeptBooks) {
        var totals: [Currency: Int64] = [:]
        for posting in books.postings { totals[posting.amount.currency, default: 0] += posting.amount.minorUnits }
        #expect(Set(totals.keys) == Set(Currency.allCases))
        #expect(totals.values.allSatisfy { $0 == 0 }, "\(totals)")
        for account in books.accounts {
            let own = books.postings.filter { $0.account == account.id }.sorted { $0.sequence < $1.sequence }
            #expect(account.booked == own.reduce(0) { $0 + $1.amount.minorUnits }, "\(account.id)")
            var balance: Int64 = 0
            for posting in own {
                balance += posting.amount.minorUnits
                #expect(posting.balanceAfter == balance, "\(account.id) after \(posting.sequence)")
            }
            let places = own.map(\.sequence) + books.holds.filter { $0.account == account.id }.map(\.sequence)
            #expect(places.sorted() == (0..<places.count).map { Int64($0 + 1) }, "\(account.id)")
            let pending = books.holds.filter { $0.account == account.id && $0.state == .pending }
            #expect(account.held == pending.reduce(0) { $0 - $1.amount }, "\(account.id)")
            #expect(account.booked - account.held >= -account.overdraftLimit, "\(account.id)")
        }
    }

    /// Each payment set its amount aside once, and it is aside for as long as the payment is neither settled, rejected nor cancelled.
    private func expectHolds(_ books: KeptBooks, _ payments: KeptPayments) {
        let holds = Dictionary(grouping: books.holds.filter { $0.payment != nil }) { $0.payment }
        #expect(holds.count == payments.all.count)
        // What could never be booked is not taken.
        let currencies = Dictionary(uniqueKeysWithValues: books.accounts.map { ($0.number, $0.currency) })
        for payment in payments.all {
            let (kept, paid) = (currencies[payment.instruction.creditor.account], payment.instruction.amount.currency)
            #expect(kept == nil || kept == paid, "\(payment.id) pays \(paid)")
        }
        for payment in payments.all {
            let expected: HoldState =
                switch payment.status {
                case .settled: .settled
                case .rejected, .cancelled: .released
                case .scheduled, .received, .held, .blocked, .accepted: .pending
                }
            let own = holds[payment.id] ?? []
            #expect(own.map(\.id) == [payment.holdID] && own.map(\.state) == [expected], "\(payment.id) is \(payment.status)")
            #expect(own.map(\.amount) == [-payment.instruction.amount.minorUnits] && own.map(\.account) == [payment.debtorAccount])
        }
    }

    /// Each key and each consent made one payment at most; every answer told of the payment that is there; a consent is used up by its payment alone. What was
    /// drawn under a consent with a limit, and not ended, is within it.
    private func expectOneEffect(of told: Notes, _ payments: KeptPayments) {
        let byKey = Dictionary(grouping: payments.all) { $0.idempotencyKey ?? "" }
        #expect(byKey.values.allSatisfy { $0.count == 1 })
        for (key, answered) in told.answered { #expect(answered == Set((byKey[key] ?? []).map(\.id)), "\(key)") }
        let byConsent = Dictionary(grouping: payments.all, by: \.consentID)
        for (consent, status) in payments.consents {
            let own = byConsent[consent] ?? []
            guard let limit = told.limits[consent] else {
                #expect(own.count <= 1 && (status == .consumed) == (own.count == 1), "\(consent) is \(status)")
                continue
            }
            let drawn = own.filter { $0.status != .rejected && $0.status != .cancelled }.reduce(0) { $0 + $1.instruction.amount.minorUnits }
            #expect(drawn <= limit && status != .consumed, "\(consent) is \(status), \(drawn) of \(limit)")
        }
    }

    /// Each timeline is a path of the transition table, from the app's request to where the payment stands.
    private func expectPaths(_ payments: KeptPayments) {
        for payment in payments.all {
            let steps = payments.timelines[payment.id] ?? []
            #expect(steps.first?.status == .received && steps.first?.actor == .partner && steps.last?.status == payment.status, "\(payment.id)")
            for (before, after) in zip(steps, steps.dropFirst()) {
                let isInTable = PaymentEvent.allCases.contains { before.status.transition(on: $0, by: after.actor) == .moves(to: after.status) }
                #expect(isInTable, "\(before.status) to \(after.status) by \(after.actor)")
            }
        }
    }

    /// What is on each account is what was there at first, what the settled payments moved, what was taken back, and what cards took.
    private func expectMoneyMoved(by payments: KeptPayments, _ told: Notes, _ books: KeptBooks) {
        #expect(Set(told.reversed).count == told.reversed.count, "nothing is taken back twice")
        var expected: [AccountID: Int64] = [:]
        for currency in Currency.allCases {
            for purse in [Purse.full, .credit] { expected[Self.account(purse, currency)] = Self.opening }
        }
        let entries = Dictionary(grouping: books.entries.filter { $0.kind == .transfer }) { $0.payment }
        for payment in payments.all {
            let own = entries[payment.id] ?? []
            #expect(own.count == (payment.status == .settled ? 1 : 0), "\(payment.id) is \(payment.status)")
            guard payment.status == .settled, !told.reversed.contains(where: { $0 == own.first?.id }) else { continue }
            let amount = payment.instruction.amount.minorUnits
            expected[payment.debtorAccount, default: 0] -= amount
            if let creditor = books.accounts.first(where: { $0.number == payment.instruction.creditor.account }) { expected[creditor.id, default: 0] += amount }
        }
        for hold in books.holds where hold.payment == nil && hold.state == .settled { expected[hold.account, default: 0] += hold.amount }
        for account in books.accounts { #expect(account.booked == expected[account.id] ?? 0, "\(account.id)") }
    }
}

/// The ledger's rows, read by statements of the test's own.
struct KeptBooks: Sendable {
    struct KeptAccount: Sendable { let id: AccountID, number: String, currency: Currency, booked: Int64, held: Int64, overdraftLimit: Int64 }
    struct KeptPosting: Sendable { let account: AccountID, amount: Money, sequence: Int64, balanceAfter: Int64? }
    struct KeptHold: Sendable { let id: TransactionID, account: AccountID, state: HoldState, amount: Int64, sequence: Int64, payment: PaymentID? }
    struct KeptEntry: Sendable { let id: EntryID, kind: EntryKind, payment: PaymentID? }

    let accounts: [KeptAccount]
    let postings: [KeptPosting]
    let holds: [KeptHold]
    let entries: [KeptEntry]

    init(in tx: any ReadTransaction) throws {
        accounts = try tx.all("SELECT id, number, currency, booked, held, overdraft_limit FROM account WHERE owner = \("customer")").map {
            KeptAccount(
                id: try $0["id"], number: try $0["number"], currency: try $0["currency"], booked: try $0["booked"], held: try $0["held"],
                overdraftLimit: try $0["overdraft_limit"])
        }
        postings = try tx.all("SELECT account_id, amount, currency, sequence, balance_after FROM posting").map {
            KeptPosting(
                account: try $0["account_id"], amount: Money(minorUnits: try $0["amount"], currency: try $0["currency"]), sequence: try $0["sequence"],
                balanceAfter: try $0["balance_after"])
        }
        holds = try tx.all("SELECT id, account_id, state, amount, sequence, payment_id FROM hold").map {
            KeptHold(
                id: try $0["id"], account: try $0["account_id"], state: try $0["state"], amount: try $0["amount"], sequence: try $0["sequence"],
                payment: try $0["payment_id"])
        }
        entries = try tx.all("SELECT id, kind, payment_id FROM journal_entry").map {
            KeptEntry(id: try $0["id"], kind: try $0["kind"], payment: try $0["payment_id"])
        }
    }
}

/// The payments with their timelines, and where each consent stands.
struct KeptPayments: Sendable {
    let all: [Payment]
    let timelines: [PaymentID: [PaymentStep]]
    let consents: [ConsentID: ConsentStatus]

    init(in tx: any ReadTransaction) throws {
        all = try PaymentRecords().list(ofApp: copilot, limit: 100_000, in: tx)
        timelines = try PaymentRecords().timelines(of: all.map(\.id), in: tx)
        consents = try Dictionary(
            tx.all("SELECT id, status FROM consent").map { (try $0["id"], try $0["status"]) }, uniquingKeysWith: { first, _ in first })
    }
}
