import Bank
import Consents
import OpenBanking
import Payments
import Primitives
import Storage
import TestSupport
import Testing

/// A request whose second transaction failed, or whose answer was lost, comes again under its key, which the gateway has let go.
@Suite("Requests that come again, on both engines")
struct RepeatedRequestTests {
    private struct Broken: Error {}

    private func new(
        _ instruction: PaymentInstruction = bill(), under consent: ConsentID, as kind: PaymentKind = .payment, on day: CivilDate? = nil
    ) -> NewPayment {
        NewPayment(
            appID: copilot, organisationID: acme, personID: amina, consentID: consent, kind: kind, instruction: instruction, executionDate: day,
            idempotencyKey: "key-1")
    }

    /// The first transaction commits, the second one does not.
    private func fail(_ new: NewPayment, in database: any Database) async throws {
        await #expect(throws: Broken.self) {
            _ = try await PaymentProcess(database: database, deadline: .seconds(60)).make(new, at: noon) { _, _ -> Void in throw Broken() }
        }
    }

    private func payments(_ database: any Database) async throws -> [Payment] {
        try await database.read { try PaymentRecords().list(ofApp: copilot, limit: 10, in: $0) }
    }

    /// Every member changed, one at a time.
    private static let others = [
        bill(kes(101)), bill(Money(minorUnits: 100_00, currency: .usd)), bill(to: "KPLC-882-002"), bill(reference: "Bill 78"),
        PaymentInstruction(stored: kes(100), creditor: Creditor(name: "Kenya Powers", account: "KPLC-882-001"), reference: "Bill 77"),
    ]

    @Test(arguments: Engine.available) func `a payment is answered to its own body, and no other`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved()
            try await fail(new(under: consent), in: database)

            for other in Self.others { #expect(try await database.make(other, under: consent) == .failure(.keyReused)) }
            #expect(try await database.make(under: consent, on: BankCalendar.day(of: noon).adding(days: 1)) == .failure(.keyReused))
            let again = try await database.make(under: consent).get()

            #expect(try await payments(database).map(\.id) == [again.id])
            #expect(again.instruction == bill() && again.status == .held && again.reason == .interrupted)
            #expect(try await database.balance().available == kes(900))
        }
    }

    @Test(arguments: Engine.available) func `a payment for a later day is answered to its own day`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let day = BankCalendar.day(of: noon).adding(days: 1)
            let consent = try await database.approved(.single(bill(), executionDate: day))
            try await fail(new(under: consent, on: day), in: database)

            #expect(try await database.make(under: consent) == .failure(.keyReused))
            #expect(try await database.make(under: consent, on: day.adding(days: 1)) == .failure(.keyReused))
            #expect(try await database.make(under: consent, on: day).get().status == .scheduled)
            #expect(try await payments(database).count == 1)
        }
    }

    @Test(arguments: Engine.available) func `a transfer is answered to its own body, and no other`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let power = Creditor(name: "Kenya Power", account: "KPLC-882-001")
            let order = PaymentOrder.recurring(RecurringTerms(stored: power, maximum: kes(200), limits: [], validFrom: nil))
            let consent = try await database.approved(order, expiresAt: noon + .days(30))
            try await fail(new(under: consent, as: .transfer), in: database)

            for other in Self.others { #expect(try await database.make(other, under: consent, as: .transfer) == .failure(.keyReused)) }
            let again = try await database.make(under: consent, as: .transfer).get()

            #expect(try await payments(database).map(\.id) == [again.id])
            #expect(try await database.balance().available == kes(900))
            // Another operation is another route, whose keys are its own.
            #expect(try await database.make(under: consent, as: .payment) == .failure(.consentType(.recurringPayment)))
        }
    }

    @Test(arguments: Engine.available) func `a standing order is answered to its own body and plan, and no other`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let first = BankCalendar.day(of: noon).adding(days: 1)
            let plan = try #require(StandingOrderPlan(frequency: .weekly, firstDate: first, lastDate: nil))
            let consent = try await database.approved(.standing(bill(), plan))
            func take(_ instruction: PaymentInstruction = bill(), _ plan: StandingOrderPlan) async throws -> StandingOrderID {
                let new = NewStandingOrder(
                    appID: copilot, personID: amina, consentID: consent, instruction: instruction, plan: plan, idempotencyKey: "key-1")
                return try await database.write { try PaymentBooks().take(new, at: noon, in: $0).id }
            }
            let taken = try await take(bill(), plan)

            for other in Self.others { await #expect(throws: PaymentRefusal.keyReused) { _ = try await take(other, plan) } }
            let plans = [
                StandingOrderPlan(frequency: .monthly, firstDate: first, lastDate: nil),
                StandingOrderPlan(frequency: .weekly, firstDate: first.adding(days: 1), lastDate: nil),
                StandingOrderPlan(frequency: .weekly, firstDate: first, lastDate: first.adding(days: 70)),
            ]
            for other in plans.compactMap(\.self) { await #expect(throws: PaymentRefusal.keyReused) { _ = try await take(bill(), other) } }
            #expect(try await take(bill(), plan) == taken)
        }
    }
}
