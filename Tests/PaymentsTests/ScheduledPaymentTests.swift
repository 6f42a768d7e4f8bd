import Bank
import Consents
import OpenBanking
import Payments
import Primitives
import Storage
import TestSupport
import Testing

private let today = BankCalendar.day(of: noon)
private let tomorrow = today.adding(days: 1)
private let dawn = BankCalendar.start(of: tomorrow)

extension Database {
    fileprivate func scheduled(_ instruction: PaymentInstruction = bill()) async throws -> Payment {
        let consent = try await approved(.single(instruction, executionDate: tomorrow))
        return try await make(instruction, under: consent, on: tomorrow).get()
    }

    fileprivate func find(_ payment: Payment) async throws -> Payment? { try await read { try PaymentRecords().find(payment.id, in: $0) } }
}

@Suite("Scheduled payments, on both engines")
struct ScheduledPaymentTests {
    @Test(arguments: Engine.available) func `a payment for a later day sets nothing aside, and is made on its day`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let payment = try await database.scheduled()
            #expect(payment.status == .scheduled && payment.executionDate == tomorrow)
            #expect(try await database.balance().available == kes(1_000))

            try await database.work(at: dawn - .milliseconds(1))
            #expect(try await database.timeline(payment) == [.scheduled])

            try await database.work(at: dawn)
            #expect(try await database.timeline(payment) == [.scheduled, .received, .accepted])
            try await database.work(at: dawn + PaymentBooks.settlement)
            try await database.work(at: dawn + .hours(1))
            #expect(try await database.timeline(payment) == [.scheduled, .received, .accepted, .settled])
            #expect(try await database.balance().booked == kes(900))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `the day is part of what was approved`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved(.single(bill(), executionDate: tomorrow))
            let approved = tomorrow.description

            #expect(
                try await database.make(under: consent)
                    == .failure(.differs([.init(member: .executionDate, approved: approved, sent: "none")])))
            #expect(
                try await database.make(under: consent, on: tomorrow.adding(days: 1))
                    == .failure(.differs([.init(member: .executionDate, approved: approved, sent: tomorrow.adding(days: 1).description)])))
            #expect(try await database.consentStatus(consent) == .authorised)
        }
    }

    @Test(arguments: Engine.available) func `one that is ordered after its day is refused, on that day it is made`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved(.single(bill(), executionDate: tomorrow), expiresAt: noon + .days(100))
            let (evening, late) = (dawn + .days(1) - .seconds(1), dawn + .days(1))

            let refusal = try await database.make(under: consent, on: tomorrow, at: late)
            let status = try await database.consentStatus(consent, at: late)
            let payment = try await database.make(under: consent, on: tomorrow, at: evening).get()
            // What was lost on the way is told again, the day after too.
            let again = try await database.make(under: consent, on: tomorrow, at: late).get()
            try await database.work(at: evening)

            #expect(refusal == .failure(.dayIsOver(.executionDate, tomorrow, today: tomorrow.adding(days: 1))))
            #expect(status == .authorised)
            #expect(payment.status == .scheduled && again.id == payment.id)
            let timeline = try await database.timeline(payment)
            #expect(timeline == [.scheduled, .received, .accepted])
        }
    }

    @Test(arguments: Engine.available) func `what the account cannot pay on the day is rejected, and nothing is set aside`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let payment = try await database.scheduled(bill(kes(1_001)))
            try await database.work(at: dawn)

            let rejected = try #require(try await database.find(payment))
            #expect(rejected.status == .rejected && rejected.reason == .insufficientFunds)
            #expect(try await database.timeline(payment) == [.scheduled, .received, .rejected])
            #expect(try await database.balance().available == kes(1_000))
        }
    }

    @Test(arguments: Engine.available, [PaymentActor.partner, .customer])
    func `until its day it can be cancelled, once, and then is never made`(engine: Engine, actor: PaymentActor) async throws {
        try await withBank(engine) { database in
            let payment = try await database.scheduled()
            let reason: PaymentReason = actor == .partner ? .cancelledByPartner : .cancelledByCustomer
            let cancelled = try await database.write { try PaymentBooks().cancel(payment, by: actor, because: reason, at: noon, in: $0) }
            let again = try await database.write { try PaymentBooks().cancel(payment, by: actor, because: reason, at: noon, in: $0) }
            #expect(cancelled?.status == .cancelled && again == nil)

            try await database.work(at: dawn)
            #expect(try await database.timeline(payment) == [.scheduled, .cancelled])
            #expect(try await database.balance().available == kes(1_000))
        }
    }

    @Test(arguments: Engine.available) func `a held payment that is cancelled frees its money`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved()
            let held = try await database.write { tx in
                let payment = try PaymentBooks().receive(
                    NewPayment(appID: copilot, organisationID: acme, personID: amina, consentID: consent, instruction: bill()), at: noon, in: tx)
                return try #require(try PaymentBooks().interrupt(payment, at: noon, in: tx))
            }
            #expect(try await database.balance().available == kes(900))

            _ = try await database.write { try PaymentBooks().cancel(held, by: .customer, because: .cancelledByCustomer, at: noon, in: $0) }
            #expect(try await database.balance().available == kes(1_000))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `an accepted payment cannot be called back`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let payment = try await database.make(under: try await database.approved()).get()
            let cancelled = try await database.write { try PaymentBooks().cancel(payment, by: .partner, because: .cancelledByPartner, at: noon, in: $0) }
            #expect(cancelled == nil)
            #expect(try await database.balance().available == kes(900))
        }
    }

    @Test(arguments: Engine.available) func `a customer finds to cancel what the table lets them cancel, and the rest apart`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let payment = try await database.scheduled()
            for status in PaymentStatus.allCases {
                let (open, rest) = try await database.write { tx in
                    try tx.execute("UPDATE payment SET status = \(status) WHERE id = \(payment.id)")
                    return (try PaymentRecords().cancellable(of: amina, in: tx), try PaymentRecords().rest(of: amina, limit: 2, in: tx))
                }

                let mayCancel = status.transition(on: .cancel, by: .customer) == .moves(to: .cancelled)
                #expect(open.map(\.id) == (mayCancel ? [payment.id] : []), "\(status)")
                #expect(rest.map(\.id) == (mayCancel ? [] : [payment.id]), "\(status)")
            }
        }
    }

    @Test(arguments: Engine.available) func `one that cannot be made keeps back none behind it`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let lost = try await database.scheduled()
            let consent = try await database.approved(.single(bill(), executionDate: tomorrow), from: .savings)
            let behind = try await database.make(under: consent, on: tomorrow, key: "key-2").get()
            try await database.write { _ = try $0.execute("UPDATE account SET owner = \("bank") WHERE id = \(AccountID.everyday)") }

            await #expect(throws: StorageError.self) {
                _ = try await PaymentProcess(database: database, deadline: .seconds(60)).executeDue(by: ManualClock(dawn))
            }

            #expect(try await database.timeline(behind) == [.scheduled, .received, .rejected])
            #expect(try await database.timeline(lost) == [.scheduled])
        }
    }

    @Test(arguments: Engine.available) func `two nodes that find it due make it once`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let payment = try await database.scheduled()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask { _ = try await PaymentProcess(database: database, deadline: .seconds(60)).executeDue(by: ManualClock(dawn)) }
                }
                try await group.waitForAll()
            }
            #expect(try await database.timeline(payment) == [.scheduled, .received, .accepted])
            #expect(try await database.balance().available == kes(900))
        }
    }
}
