import Bank
import OpenBanking
import Payments
import Primitives
import Risk
import Storage
import TestSupport
import Testing

private let tomorrow = BankCalendar.day(of: noon).adding(days: 1)
private let later = noon + .hours(1)

@Suite("Payments after a restore, on both engines")
struct PaymentsRestorationTests {
    private func restore(_ database: any Database) async throws -> PaymentsRestoration.Ended {
        try await database.write { try PaymentsRestoration().run(at: later, in: $0) }
    }

    /// Received and moved on as far as the outcome goes; `nil` is a process that stopped before it decided.
    private func payment(_ outcome: RiskOutcome?, key: String, in database: any Database) async throws -> Payment {
        let consent = try await database.approved()
        return try await database.write { tx in
            let new = NewPayment(
                appID: copilot, organisationID: acme, personID: amina, consentID: consent, instruction: bill(), idempotencyKey: key)
            let payment = try PaymentBooks().receive(new, at: noon, in: tx)
            guard let outcome else { return payment }
            return try #require(try PaymentBooks().decide(payment, RiskDecision(outcome: outcome, score: 0, reasons: []), on: nil, at: noon, in: tx))
        }
    }

    private func find(_ payment: Payment, in database: any Database) async throws -> Payment? {
        try await database.read { try PaymentRecords().find(payment.id, in: $0) }
    }

    @Test(arguments: Engine.available) func `what waited for a decision is rejected, and its money is free`(engine: Engine) async throws {
        try await withBank(engine) { database in
            var waiting: [Payment] = []
            for (outcome, key) in [(RiskOutcome?.none, "received"), (.review, "held"), (.block, "blocked")] {
                waiting.append(try await payment(outcome, key: key, in: database))
            }
            #expect(waiting.map(\.status) == [.received, .held, .blocked])
            #expect(try await database.balance().available == kes(700))

            let ended = try await restore(database)

            #expect(ended.undecided == 3)
            for before in waiting {
                let after = try await find(before, in: database)
                #expect(after?.status == .rejected && after?.reason == .restored)
                #expect(try await database.timeline(before).last == .rejected)
            }
            #expect(try await database.balance().available == kes(1_000))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `what was scheduled, and standing orders, are cancelled and never made`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved(.single(bill(), executionDate: tomorrow))
            let scheduled = try await database.make(under: consent, on: tomorrow).get()
            let plan = try #require(StandingOrderPlan(frequency: .daily, firstDate: tomorrow, lastDate: nil))
            let approved = try await database.approved(.standing(bill(), plan))
            let order = try await database.write { tx in
                let new = NewStandingOrder(appID: copilot, personID: amina, consentID: approved, instruction: bill(), plan: plan, idempotencyKey: "key-2")
                return try PaymentBooks().take(new, at: noon, in: tx)
            }

            let ended = try await restore(database)
            try await database.work(at: noon + .days(3))

            #expect(ended.scheduled == 1 && ended.standingOrders == 1)
            let after = try await find(scheduled, in: database)
            #expect(after?.status == .cancelled && after?.reason == .restored)
            let orderAfter = try await database.read { try StandingOrderRecords().find(order.id, in: $0) }
            #expect(orderAfter?.status == .cancelled && orderAfter?.endedBy == .bank)
            #expect(try await database.read { try PaymentRecords().list(ofApp: copilot, limit: 10, in: $0).count } == 1)
            #expect(try await database.balance().available == kes(1_000))
        }
    }

    @Test(arguments: Engine.available) func `what a scenario of the sandbox would release by itself is not`(engine: Engine) async throws {
        try await withBank(engine, holding: kes(10_000)) { database in
            let scenario = try #require(PaymentScenario.all.first { $0.name == "held_then_released" })
            let instruction = bill(Money(minorUnits: scenario.amount, currency: .kes))
            let consent = try await database.approved(instruction)
            let held = try await database.write { tx in
                let new = NewPayment(
                    appID: copilot, organisationID: acme, personID: amina, consentID: consent, instruction: instruction, scenario: scenario)
                let payment = try PaymentBooks().receive(new, at: noon, in: tx)
                return try #require(try PaymentBooks().decide(payment, RiskDecision(outcome: .review, score: 0, reasons: []), on: nil, at: noon, in: tx))
            }
            #expect(held.status == .held)

            _ = try await restore(database)

            #expect(try await database.write { try PaymentBooks().lookDue(at: noon + .days(1), in: $0) } == 0)
            #expect(try await database.timeline(held) == [.received, .held, .rejected])
        }
    }

    @Test(arguments: Engine.available) func `what the bank accepted is settled`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let accepted = try await payment(.allow, key: "accepted", in: database)
            #expect(accepted.status == .accepted)

            #expect(try await restore(database) == PaymentsRestoration.Ended())
            try await database.settleDue(at: later)

            #expect(try await database.timeline(accepted) == [.received, .accepted, .settled])
            #expect(try await database.balance().booked == kes(900))
        }
    }

    @Test(arguments: Engine.available) func `more than one look finds are all ended, and a second restore finds none`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let first = try await payment(.review, key: "held", in: database)
            try await database.write { tx in
                for number in 0..<1_200 {
                    try tx.execute(
                        """
                        INSERT INTO payment (id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name,
                                             creditor_account, reference, execution_date, standing_order_id, hold_id, status, reason, created_at, changed_at,
                                             settles_at, idempotency_key, scenario)
                        SELECT id || \("-\(number)"), kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency,
                               creditor_name, creditor_account, reference, execution_date, standing_order_id, hold_id || \("-\(number)"),
                               \(PaymentStatus.scheduled), reason, created_at, changed_at, settles_at, NULL, scenario
                        FROM payment WHERE id = \(first.id)
                        """)
                }
            }

            #expect(try await restore(database).scheduled == 1_200)
            #expect(try await restore(database) == PaymentsRestoration.Ended())
        }
    }
}
