import Bank
import Consents
import OpenBanking
import Payments
import Primitives
import Storage
import TestSupport
import Testing

extension Database {
    fileprivate func make(
        _ scenario: String, _ instruction: PaymentInstruction = bill(), under consent: ConsentID, as kind: PaymentKind = .payment, on day: CivilDate? = nil
    ) async throws -> Result<Payment, PaymentRefusal> {
        let known: PaymentScenario = try #require(PaymentScenario.named(scenario))
        return try await PaymentProcess(database: self, deadline: .seconds(3)).make(
            NewPayment(
                appID: copilot, organisationID: acme, personID: amina, consentID: consent, kind: kind, instruction: instruction, executionDate: day,
                idempotencyKey: "key-1", scenario: known), at: noon
        ) { payment, _ in payment }
    }
}

@Suite("Payment scenarios in the books, on both engines")
struct PaymentScenarioTests {
    @Test(arguments: Engine.available) func `a transfer is held and released as a payment is`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let limit = PeriodicLimit(period: .month, alignment: .consent, amount: kes(300))
            let order = PaymentOrder.recurring(RecurringTerms(stored: nil, maximum: kes(200), limits: [limit], validFrom: nil))
            let consent = try await database.approved(order, expiresAt: noon + .days(90))

            let payment = try await database.make("held_then_released", bill(kes(100), to: "0100-200301"), under: consent, as: .transfer).get()
            try await database.write { _ = try PaymentBooks().lookDue(at: noon + .seconds(9), in: $0) }
            #expect(try await database.timeline(payment) == [.received, .held])
            try await database.write { _ = try PaymentBooks().lookDue(at: noon + .seconds(10), in: $0) }

            // The creditor's account is the bank's own, so it is settled when it is released.
            #expect(try await database.timeline(payment) == [.received, .held, .accepted, .settled])
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `what is ordered for a later day turns out on that day as it was asked to`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let day = BankCalendar.day(of: noon + .days(3))
            let consent = try await database.approved(.single(bill(), executionDate: day), expiresAt: noon + .days(9))
            let payment = try await database.make("declined_by_risk", under: consent, on: day).get()
            #expect(payment.status == .scheduled)

            try await database.work(at: noon + .days(3))

            #expect(try await database.timeline(payment) == [.scheduled, .received, .rejected])
            #expect(try await database.balance().available == kes(1_000))
        }
    }

    @Test(arguments: Engine.available) func `an account of the bank sends back as another bank's does`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let instruction = bill(kes(100), to: "0100-200301")
            let payment = try await database.make("returned_account_closed", instruction, under: try await database.approved(instruction)).get()
            #expect(payment.status == .accepted)

            try await database.settleDue(at: noon + PaymentBooks.settlement)

            #expect(try await database.timeline(payment) == [.received, .accepted, .rejected])
            #expect(try await database.balance().available == kes(1_000))
            #expect(try await database.balance(of: .savings).booked == kes(0))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `a refusal of a scenario leaves nothing, and the real checks come before it`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved()

            guard case .failure(.insufficientFunds) = try await database.make("insufficient_funds", under: consent) else {
                Issue.record("it was taken")
                return
            }
            guard case .failure(.differs) = try await database.make("insufficient_funds", bill(kes(101)), under: consent) else {
                Issue.record("the scenario came before the approval")
                return
            }
            #expect(try await database.consentStatus(consent) == .authorised)
            #expect(try await database.balance().available == kes(1_000))
            #expect(try await database.make("settled", under: consent).get().status == .accepted)
        }
    }
}
