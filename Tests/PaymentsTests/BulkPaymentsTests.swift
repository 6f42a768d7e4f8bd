import Bank
import Consents
import Events
import OpenBanking
import Payments
import Primitives
import Risk
import Storage
import TestSupport
import Testing

@Suite("Bulk payments, on both engines")
struct BulkPaymentsTests {
    @Test(arguments: Engine.available) func `a file inside the bank is one entry: one debit, and a credit for each`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let bulk = try await database.upload([pay(100, to: "0100-200301"), pay(50, to: "0100-200301", reference: "Second")])
            try await database.approve(bulk)

            let paid = try #require(try await database.execute(bulk).get())

            #expect(paid.execution?.status == .settled)
            #expect(paid.execution?.paid?.count == 2 && paid.execution?.paid?.total == kes(150))
            #expect(try await database.balance().booked == kes(850))
            #expect(try await database.balance().available == kes(850))
            #expect(try await database.balance(of: .savings).booked == kes(150))
            #expect(try await database.entries(of: bulk) == [[-15_000, 5_000, 10_000]])
            #expect(try await database.timeline(bulk) == [.received, .accepted, .settled])
            #expect(try await database.consentStatus(bulk.consentID) == .consumed)
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `a file to other banks is accepted, and settled a little later`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let bulk = try await database.upload([pay(100, to: "KPLC-882-001"), pay(50, to: "0100-200301"), pay(25, to: "NWSC-119-204")])
            try await database.approve(bulk)

            let accepted = try #require(try await database.execute(bulk).get())
            #expect(accepted.execution?.status == .accepted)
            #expect(try await database.balance().booked == kes(1_000))
            #expect(try await database.balance().available == kes(825))

            try await database.settleBulks(at: noon + .seconds(4))
            #expect(try await database.timeline(bulk) == [.received, .accepted])
            try await database.settleBulks(at: noon + PaymentBooks.settlement)
            try await database.settleBulks(at: noon + .hours(1))

            #expect(try await database.timeline(bulk) == [.received, .accepted, .settled])
            // What leaves the bank leaves it in one sum.
            #expect(try await database.entries(of: bulk) == [[-17_500, 5_000, 12_500]])
            #expect(try await database.balance().booked == kes(825))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `a customer finds to cancel what the table lets them cancel, and the rest apart`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let bulk = try await database.upload([pay(100, to: "KPLC-882-001")])
            try await database.approve(bulk)
            _ = try await database.execute(bulk).get()
            // No file is scheduled.
            for status in PaymentStatus.allCases where status != .scheduled {
                let (open, rest) = try await database.write { tx in
                    try tx.execute("UPDATE bulk_payment SET status = \(status) WHERE id = \(bulk.id)")
                    return (try BulkPaymentRecords().cancellable(of: amina, in: tx), try BulkPaymentRecords().rest(of: amina, limit: 2, in: tx))
                }

                let mayCancel = status.transition(on: .cancel, by: .customer) == .moves(to: .cancelled)
                #expect(open.map(\.id) == (mayCancel ? [bulk.id] : []), "\(status)")
                #expect(rest.map(\.id) == (mayCancel ? [] : [bulk.id]), "\(status)")
            }
        }
    }

    @Test(arguments: Engine.available) func `a payment to a closed account, or to the debtor's own, is rejected alone`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let bulk = try await database.upload([
                pay(100, to: "0100-200301"), pay(50, to: "KPLC-882-001"), pay(25, to: "0100-200300"), pay(10, to: "KPLC-882-002"),
            ])
            try await database.approve(bulk)
            _ = try await database.write { try Accounts().setStatus(.closed, of: .savings, because: "it was closed", at: noon, in: $0) }

            _ = try await database.execute(bulk).get()
            try await database.settleBulks(at: noon + .seconds(5))

            let settled = try #require(try await database.find(bulk))
            #expect(settled.execution?.status == .settled && settled.execution?.paid?.count == 2 && settled.execution?.paid?.total == kes(60))
            #expect(try await database.lines(bulk).map(\.refusedBecause) == [.accountClosed, nil, .creditorRefused, nil])
            #expect(try await database.balance().booked == kes(940))
            #expect(try await database.balance().available == kes(940))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `a file none of whose payments can be made is rejected, and the money is free again`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let bulk = try await database.upload([pay(100, to: "0100-200301"), pay(50, to: "0100-200301")])
            try await database.approve(bulk)
            _ = try await database.write { try Accounts().setStatus(.closed, of: .savings, because: "it was closed", at: noon, in: $0) }

            let rejected = try #require(try await database.execute(bulk).get())

            #expect(rejected.execution?.status == .rejected && rejected.execution?.reason == .accountClosed && rejected.execution?.paid == nil)
            #expect(try await database.balance().available == kes(1_000))
            #expect(try await database.entries(of: bulk).isEmpty)
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `a file beyond the balance is refused, and its consent stays`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let bulk = try await database.upload([pay(600, to: "KPLC-882-001"), pay(401, to: "KPLC-882-002")])
            try await database.approve(bulk)

            #expect(try await database.execute(bulk) == .failure(.insufficientFunds(available: kes(1_000))))

            #expect(try await database.consentStatus(bulk.consentID) == .authorised)
            #expect(try await database.find(bulk)?.execution == nil)
            #expect(try await database.balance().available == kes(1_000))
        }
    }

    @Test(arguments: Engine.available) func `a file without its customer's approval pays nothing`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let waiting = try await database.upload([pay(1, to: "KPLC-882-001")])
            #expect(try await database.execute(waiting) == .failure(.unknownConsent))

            let expired = try await database.upload([pay(1, to: "KPLC-882-001")])
            try await database.approve(expired)
            #expect(try await database.execute(expired, at: noon + ConsentTerm.payment) == .failure(.consentState(.expired)))

            let revoked = try await database.upload([pay(1, to: "KPLC-882-001")])
            try await database.approve(revoked)
            _ = try await database.write { tx in
                try Consents().revoke(
                    revoked.consentID, by: .customer, audit: .person(amina), reason: ConsentReason.withdrawn, at: noon, requestID: nil, in: tx)
            }
            #expect(try await database.execute(revoked) == .failure(.consentState(.revoked)))

            let used = try await database.upload([pay(1, to: "KPLC-882-001")])
            try await database.approve(used)
            _ = try await database.execute(used).get()
            #expect(try await database.execute(used, key: "another") == .failure(.consentState(.consumed)))
            #expect(try await database.balance().available == kes(999))
        }
    }

    @Test(arguments: Engine.available) func `another app's file looks like none, and another file's consent pays nothing`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let bulk = try await database.upload([pay(1, to: "KPLC-882-001")])
            let other = try await database.upload([pay(2, to: "KPLC-882-001")])
            try await database.approve(bulk)
            try await database.approve(other)

            #expect(try await database.execute(bulk, by: AppID(trusted: "app_other")).get() == nil)
            #expect(try await database.execute(bulk, under: other.consentID) == .failure(.unknownConsent))
            let single = try await database.approved()
            #expect(try await database.execute(bulk, under: single) == .failure(.unknownConsent))
            #expect(try await database.consentStatus(bulk.consentID) == .authorised)
        }
    }

    @Test(arguments: Engine.available) func `20 at once: the file is paid once`(engine: Engine) async throws {
        try await withBank(engine) { database in
            for round in 0..<5 {
                let bulk = try await database.upload([pay(10, to: "0100-200301"), pay(5, to: "KPLC-882-001")])
                try await database.approve(bulk)

                let outcomes = try await withThrowingTaskGroup(of: Result<BulkPayment?, PaymentRefusal>.self) { group in
                    for number in 0..<20 { group.addTask { try await database.execute(bulk, key: "key-\(number)") } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }

                #expect(outcomes.count { (try? $0.get()) != nil } == 1)
                try await database.settleBulks(at: noon + .seconds(5))
                #expect(try await database.entries(of: bulk).count == 1)
                #expect(try await database.balance().booked == kes(1_000 - 15 * (Int64(round) + 1)))
            }
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `two that settle at once book it once`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let bulk = try await database.upload([pay(100, to: "KPLC-882-001")])
            try await database.approve(bulk)
            _ = try await database.execute(bulk).get()

            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await database.settleBulks(at: noon + .seconds(5)) } }
                try await group.waitForAll()
            }

            #expect(try await database.entries(of: bulk).count == 1)
            #expect(try await database.timeline(bulk) == [.received, .accepted, .settled])
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `what was received and never decided goes to review, and the same request finds it`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let bulk = try await database.upload([pay(100, to: "0100-200301")])
            try await database.approve(bulk)
            // The process ends behind its first transaction.
            _ = try await database.write { try BulkPaymentBooks().receive(execution(of: bulk), at: noon, in: $0) }
            #expect(try await database.balance().available == kes(900))

            let again = try #require(try await database.execute(bulk, at: noon + .seconds(1)).get())
            #expect(again.execution?.status == .held && again.execution?.reason == .interrupted)

            let other = try await database.upload([pay(100, to: "0100-200301")])
            try await database.approve(other)
            _ = try await database.write { try BulkPaymentBooks().receive(execution(of: other), at: noon, in: $0) }
            _ = try await database.write { try BulkPaymentBooks().interruptAll(at: noon + .seconds(29), seen: Sightings(lasting: .zero), in: $0) }
            #expect(try await database.timeline(other) == [.received])
            _ = try await database.write { try BulkPaymentBooks().interruptAll(at: noon + PaymentBooks.patience, seen: Sightings(lasting: .zero), in: $0) }
            #expect(try await database.timeline(other) == [.received, .held])
            #expect(try await database.balance().available == kes(800))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `a clock that is set back by two hours holds up no file`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let (accepted, undecided) = (try await database.upload([pay(100, to: "KPLC-882-001")]), try await database.upload([pay(100, to: "KPLC-882-001")]))
            for bulk in [accepted, undecided] { try await database.approve(bulk) }
            #expect(try await database.execute(accepted).get()?.execution?.status == .accepted)
            _ = try await database.write { try BulkPaymentBooks().receive(execution(of: undecided), at: noon, in: $0) }

            let (early, skewed) = (noon - .hours(2), noon - PaymentBooks.patience)
            #expect(try await database.read { try !BulkPaymentRecords().isAnythingDue(at: skewed, in: $0) })
            #expect(try await database.read { try BulkPaymentRecords().isAnythingDue(at: early, in: $0) })
            #expect(try await database.write { try BulkPaymentBooks().interruptAll(at: early, seen: Sightings(lasting: .zero), in: $0) } == 1)
            try await database.settleBulks(at: early)

            #expect(try await database.timeline(accepted) == [.received, .accepted, .settled])
            #expect(try await database.timeline(undecided) == [.received, .held])
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `staff lets a held file go on, or rejects it, once`(engine: Engine) async throws {
        try await withBank(engine) { database in
            var held: [BulkPayment] = []
            for _ in 0..<2 {
                let bulk = try await database.upload([pay(100, to: "0100-200301")])
                try await database.approve(bulk)
                let process = BulkPaymentProcess(database: database, randomness: SystemRandom(), timer: ContinuousClock()) { _, _ in
                    throw StorageError.failed(reason: "no inputs")
                }
                held.append(try #require(try await process.execute(execution(of: bulk), at: noon) { bulk, _ in bulk }.get()))
            }
            let (first, second) = (held[0], held[1])
            #expect(held.allSatisfy { $0.execution?.status == .held })
            #expect(try await database.read { try BulkPaymentRecords().waitingForStaff(limit: 10, in: $0).map(\.id) } == held.map(\.id).sorted())
            #expect(try await database.read { try RiskDecisions().find(of: first.id.asPayment, in: $0)?.decision.reasons } == ["deadline"])

            let released = try await database.write { try BulkPaymentBooks().release(first, at: noon, in: $0) }
            let rejected = try await database.write { try BulkPaymentBooks().reject(second, by: .bank, because: .rejectedByBank, at: noon, in: $0) }
            #expect(released?.execution?.status == .settled && rejected?.execution?.status == .rejected)
            #expect(try await database.write { try BulkPaymentBooks().release(second, at: noon, in: $0) } == nil)
            #expect(try await database.balance().available == kes(900))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `after a restore a file without a decision is rejected, and one never approved waits on`(engine: Engine)
        async throws
    {
        try await withBank(engine) { database in
            let bulk = try await database.upload([pay(100, to: "0100-200301")])
            try await database.approve(bulk)
            let waiting = try await database.upload([pay(50, to: "0100-200301")])
            let process = BulkPaymentProcess(database: database, randomness: SystemRandom(), timer: ContinuousClock()) { _, _ in
                throw StorageError.failed(reason: "no inputs")
            }
            _ = try await process.execute(execution(of: bulk), at: noon) { bulk, _ in bulk }.get()
            #expect(try await database.balance().available == kes(900))

            #expect(try await database.write { try PaymentsRestoration().run(at: noon, in: $0) }.undecidedFiles == 1)

            let rejected = try await database.find(bulk)
            #expect(rejected?.execution?.status == .rejected && rejected?.execution?.reason == .restored)
            #expect(try await database.find(waiting)?.execution == nil)
            #expect(try await database.balance().available == kes(1_000))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `the system neither releases nor rejects what waits for staff`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let bulk = try await database.upload([pay(100, to: "0100-200301")])
            try await database.approve(bulk)
            let received = try #require(try await database.write { try BulkPaymentBooks().receive(execution(of: bulk), at: noon, in: $0) })
            let held = try #require(try await database.write { try BulkPaymentBooks().interrupt(received, at: noon, in: $0) })

            #expect(try await database.write { try BulkPaymentBooks().reject(held, by: .system, because: .declinedByRisk, at: noon, in: $0) } == nil)
            #expect(try await database.balance().available == kes(900))
        }
    }

    @Test(arguments: Engine.available) func `the risk of a file is that of its total, and its creditors are known when all of them are`(engine: Engine)
        async throws
    {
        try await withBank(engine) { database in
            let first = try await database.upload([pay(100, to: "0100-200301"), pay(5, to: "KPLC-882-001")])
            try await database.approve(first)
            let begun = try #require(try await database.write { try BulkPaymentBooks().receive(execution(of: first), at: noon, in: $0) })
            let inputs = try await database.read { try RiskReading().inputs(for: begun, at: noon, in: $0) }
            #expect(inputs.amount == kes(105) && inputs.available == 100_000 && !inputs.knowsCreditor && inputs.paymentsLastHour == 0)

            _ = try await database.write { try BulkPaymentBooks().decide(begun, RiskDecision(on: inputs), on: inputs, at: noon, in: $0) }
            try await database.settleBulks(at: noon + .seconds(5))
            let second = try await database.upload([pay(1, to: "KPLC-882-001")])
            try await database.approve(second)
            let again = try #require(try await database.write { try BulkPaymentBooks().receive(execution(of: second), at: noon, in: $0) })
            let known = try await database.read { try RiskReading().inputs(for: again, at: noon, in: $0) }
            #expect(known.knowsCreditor && known.paymentsLastHour == 1)
        }
    }

    @Test(arguments: Engine.available) func `whom a file paid one payment knows too, and the file counts in its hour`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let (paid, refused) = (try await database.receive(bill(to: "KPLC-882-001")), try await database.receive(bill(to: "0100-200301")))
            let bulk = try await database.upload([pay(100, to: "KPLC-882-001"), pay(50, to: "0100-200301")])
            try await database.approve(bulk)
            _ = try await database.write { try Accounts().setStatus(.closed, of: .savings, because: "it was closed", at: noon, in: $0) }
            _ = try await database.execute(bulk).get()
            let unsettled = try await database.risk(of: paid, at: noon)

            try await database.settleBulks(at: noon + .seconds(5))
            let known = try await database.risk(of: paid, at: noon + .minutes(1))
            let unpaid = try await database.risk(of: refused, at: noon + .minutes(1))
            let later = try await database.risk(of: paid, at: noon + .hours(2))
            let forgotten = try await database.risk(of: paid, at: noon + .days(91))

            // The other payment, and the file as one.
            #expect([unsettled, known, unpaid].map(\.paymentsLastHour) == [2, 2, 2])
            #expect(later.paymentsLastHour == 0)
            #expect([unsettled, known, unpaid, later, forgotten].map(\.knowsCreditor) == [false, true, false, true, false])
        }
    }

    @Test(arguments: Engine.available) func `10,000 payments are kept, paged and paid`(engine: Engine) async throws {
        try await withBank(engine, holding: kes(1_000_000)) { database in
            let bulk = try await database.upload((0..<10_000).map { pay(1, to: $0.isMultiple(of: 2) ? "0100-200301" : "KPLC-882-\($0)") })
            try await database.approve(bulk)

            let page = try await database.read { try BulkPaymentRecords().lines(of: bulk, after: 9_990, limit: 100, in: $0) }
            #expect(page.map(\.number) == Array(9_991...10_000))
            _ = try await database.execute(bulk).get()
            try await database.settleBulks(at: noon + .seconds(5))

            #expect(try await database.find(bulk)?.execution?.paid?.count == 10_000)
            #expect(try await database.balance(of: .savings).booked == kes(5_000))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `a file that nobody had carried out goes after its time, and one that was paid stays`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let waiting = try await database.upload([pay(1, to: "KPLC-882-001"), pay(2, to: "KPLC-882-002")])
            let paid = try await database.upload([pay(1, to: "KPLC-882-001")])
            try await database.approve(paid)
            _ = try await database.execute(paid).get()

            #expect(try await database.write { try BulkPaymentRecords().purge(uploadedBefore: noon, in: $0) } == 0)
            #expect(try await database.write { try BulkPaymentRecords().purge(uploadedBefore: noon + .seconds(1), in: $0) } == 1)
            #expect(try await database.find(waiting) == nil)
            #expect(try await database.lines(waiting).isEmpty)
            #expect(try await database.lines(paid).count == 1)
        }
    }

    @Test(arguments: Engine.available) func `a restored approval of a file ends`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let bulk = try await database.upload([pay(1, to: "KPLC-882-001")])
            try await database.approve(bulk)

            let held = try await database.write { try Consents().holdAfterRestoration(by: .commandLine, at: noon, in: $0) }

            #expect(held.paused == 0 && held.ended == 1)
            #expect(try await database.execute(bulk) == .failure(.consentState(.revoked)))
        }
    }
}

// MARK: Stories

private func pay(_ shillings: Int64, to account: String, reference: String = "Salary") -> PaymentFileLine {
    PaymentFileLine(
        instruction: PaymentInstruction(stored: kes(shillings), creditor: Creditor(name: "Somebody", account: account), reference: reference), endToEndID: nil)
}

private func execution(
    of bulk: BulkPayment, by app: AppID = copilot, under consent: ConsentID? = nil, key: String? = "key-1"
) -> NewBulkExecution {
    NewBulkExecution(of: bulk.id, appID: app, personID: amina, consentID: consent ?? bulk.consentID, idempotencyKey: key)
}

extension Database {
    fileprivate func upload(_ lines: [PaymentFileLine]) async throws -> BulkPayment {
        let total = lines.reduce(0) { $0 + $1.instruction.amount.minorUnits }
        let header = #"{"count":\#(lines.count),"total":{"amount":"\#(Money(minorUnits: total, currency: .kes).decimal)","currency":"KES"}}"#
        let rest = lines.map { line in
            let instruction = line.instruction
            return
                #"{"amount":{"amount":"\#(instruction.amount.decimal)","currency":"KES"},"creditor":{"name":"\#(instruction.creditor.name)","account":"\#(instruction.creditor.account)"},"reference":"\#(instruction.reference)"}"#
        }
        let bytes = Array(([header] + rest).joined(separator: "\n").utf8)
        let new = NewBulkPayment(
            appID: copilot, organisationID: acme, format: .jsonLines, digest: Digest(of: bytes), file: try PaymentFile(bytes, as: .jsonLines, at: noon))
        return try await write { try BulkPaymentBooks().lodge(new, at: noon, in: $0).bulk }
    }

    fileprivate func approve(_ bulk: BulkPayment) async throws {
        let approved = try await write { tx in
            try Consents().authorise(
                bulk.consentID, by: amina, accounts: [.everyday], grant: GrantID(trusted: "grt_1"), at: noon, requestID: nil, in: tx)
        }
        #expect(approved != nil)
    }

    fileprivate func execute(
        _ bulk: BulkPayment, by app: AppID = copilot, under consent: ConsentID? = nil, key: String? = "key-1", at now: Timestamp = noon
    ) async throws -> Result<BulkPayment?, PaymentRefusal> {
        // The machine that tests may be slower than any deadline.
        let process = BulkPaymentProcess(database: self, randomness: SystemRandom(), deadline: .seconds(600), timer: ContinuousClock()) { bulk, now in
            try await read { try RiskReading().inputs(for: bulk, at: now, in: $0) }
        }
        return try await process.execute(execution(of: bulk, by: app, under: consent, key: key), at: now) { bulk, _ in bulk }
    }

    /// A payment that waits for its risk decision.
    fileprivate func receive(_ instruction: PaymentInstruction) async throws -> Payment {
        let consent = try await approved(instruction)
        return try await write { tx in
            try PaymentBooks().receive(
                NewPayment(appID: copilot, organisationID: acme, personID: amina, consentID: consent, instruction: instruction), at: noon, in: tx)
        }
    }

    fileprivate func risk(of payment: Payment, at now: Timestamp) async throws -> RiskInputs {
        try await readOne { try RiskReading().inputs(for: payment, at: now, in: $0) }
    }

    fileprivate func find(_ bulk: BulkPayment) async throws -> BulkPayment? { try await read { try BulkPaymentRecords().find(bulk.id, in: $0) } }

    fileprivate func lines(_ bulk: BulkPayment) async throws -> [BulkPaymentLine] {
        try await read { try BulkPaymentRecords().lines(of: bulk, in: $0) }
    }

    fileprivate func timeline(_ bulk: BulkPayment) async throws -> [PaymentStatus] {
        try await read { try BulkPaymentRecords().timelines(of: [bulk.id], in: $0)[bulk.id]?.map(\.status) ?? [] }
    }

    fileprivate func settleBulks(at now: Timestamp) async throws {
        while try await write({ try BulkPaymentBooks().settleNext(at: now, in: $0) }) {}
    }

    /// The amounts of each entry that booked it, sorted.
    fileprivate func entries(of bulk: BulkPayment) async throws -> [[Int64]] {
        try await read { tx in
            let rows = try tx.all("SELECT id FROM journal_entry WHERE payment_id = \(bulk.id)")
            return try rows.map { row -> [Int64] in
                let id: String = try row["id"]
                let postings = try tx.all("SELECT amount FROM posting WHERE entry_id = \(id) ORDER BY amount")
                return try postings.map { try $0["amount"] }
            }
        }
    }
}
