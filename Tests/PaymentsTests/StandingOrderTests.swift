import Bank
import Consents
import OpenBanking
import Payments
import Primitives
import Risk
import Storage
import TestSupport
import Testing

private let tomorrow = BankCalendar.day(of: noon).adding(days: 1)
private let dawn = BankCalendar.start(of: tomorrow)

@Suite("Standing orders, on both engines")
struct StandingOrderTests {
    private static let power = bill()

    private func plan(_ frequency: StandingOrderFrequency = .daily, last: CivilDate? = nil) throws -> StandingOrderPlan {
        try #require(StandingOrderPlan(frequency: frequency, firstDate: tomorrow, lastDate: last))
    }

    private func take(
        _ database: any Database, _ plan: StandingOrderPlan, _ instruction: PaymentInstruction = power, under consent: ConsentID? = nil, key: String = "key-1",
        at now: Timestamp = noon
    ) async throws -> StandingOrder {
        let approved = try await consent.asyncValue { try await database.approved(.standing(instruction, plan)) }
        let new = NewStandingOrder(
            appID: copilot, personID: amina, consentID: approved, instruction: instruction, plan: plan, idempotencyKey: key)
        return try await database.write { try PaymentBooks().take(new, at: now, in: $0) }
    }

    private func payments(_ database: any Database) async throws -> [Payment] {
        try await database.read { try PaymentRecords().list(ofApp: copilot, limit: 100, in: $0) }
    }

    private func find(_ order: StandingOrder, _ database: any Database) async throws -> StandingOrder? {
        try await database.read { try StandingOrderRecords().find(order.id, in: $0) }
    }

    @Test(arguments: Engine.available) func `it pays on each of its days until the last`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let order = try await take(database, try plan(last: tomorrow.adding(days: 2)))
            #expect(order.nextDate == tomorrow)
            #expect(try await payments(database).isEmpty)

            try await database.work(at: dawn - .milliseconds(1))
            #expect(try await payments(database).isEmpty)
            try await database.work(at: dawn)
            #expect(try await payments(database).map(\.executionDate) == [tomorrow])

            // Days that nobody was there for are made up.
            try await database.work(at: dawn + .days(30))
            let made = try await payments(database)
            #expect(made.compactMap(\.executionDate).sorted() == (0..<3).map { tomorrow.adding(days: $0) })
            #expect(made.allSatisfy { $0.kind == .standingOrder && $0.standingOrderID == order.id })
            #expect(try await find(order, database)?.status == .completed)
            #expect(try await database.balance().available == kes(700))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `a day that the account cannot pay is rejected, and the order goes on`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let order = try await take(database, try plan(), bill(kes(600)))
            try await database.work(at: dawn)
            try await database.work(at: dawn + .days(1))

            let made = try await payments(database)
            #expect(made.map(\.status) == [.rejected, .settled] || made.map(\.status) == [.rejected, .accepted])
            #expect(made.first?.reason == .insufficientFunds)
            #expect(try await find(order, database)?.nextDate == tomorrow.adding(days: 2))
            #expect(try await database.balance().available == kes(400))
        }
    }

    @Test(arguments: Engine.available) func `cancelled, it pays no more, and what it paid stays`(engine: Engine) async throws {
        try await withBank(engine) { database in
            _ = try await take(database, try plan())
            try await database.work(at: dawn)
            let order = try #require(try await database.read { try StandingOrderRecords().active(of: amina, in: $0).first })
            let cancelled = try await database.write { try PaymentBooks().cancel(order.id, by: .customer, at: dawn, in: $0) }
            #expect(cancelled?.status == .cancelled && cancelled?.endedBy == .customer && cancelled?.nextDate == nil)
            #expect(try await database.write { try PaymentBooks().cancel(order.id, by: .customer, at: dawn, in: $0) } == nil)
            let (active, ended) = try await database.read { tx in
                (try StandingOrderRecords().active(of: amina, in: tx), try StandingOrderRecords().ended(of: amina, limit: 2, in: tx))
            }
            #expect(active.isEmpty && ended.map(\.id) == [order.id])

            try await database.work(at: dawn + .days(5))
            #expect(try await payments(database).count == 1)
        }
    }

    @Test(arguments: Engine.available) func `the plan is part of what was approved, and the consent is used up`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved(.standing(Self.power, try plan()))
            await #expect(throws: PaymentRefusal.differs([.init(member: .frequency, approved: "daily", sent: "weekly")])) {
                _ = try await take(database, try plan(.weekly), under: consent)
            }
            #expect(try await database.consentStatus(consent) == .authorised)

            let order = try await take(database, try plan(), under: consent)
            #expect(try await database.consentStatus(consent) == .consumed)
            #expect(try await take(database, try plan(), under: consent).id == order.id)
            await #expect(throws: PaymentRefusal.consentState(.consumed)) {
                _ = try await take(database, try plan(), under: consent, key: "another")
            }
        }
    }

    @Test(arguments: Engine.available) func `one that is ordered after its first day is refused, on that day it is taken`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved(.standing(Self.power, try plan()), expiresAt: noon + .days(100))
            let (evening, late) = (dawn + .days(1) - .seconds(1), dawn + .days(1))

            await #expect(throws: PaymentRefusal.dayIsOver(.firstDate, tomorrow, today: tomorrow.adding(days: 1))) {
                _ = try await take(database, try plan(), under: consent, at: late)
            }
            let status = try await database.consentStatus(consent, at: late)
            let order = try await take(database, try plan(), under: consent, at: evening)
            // What was lost on the way is told again, however late.
            let again = try await take(database, try plan(), under: consent, at: late + .days(60))
            try await database.work(at: evening)

            #expect(status == .authorised)
            #expect(order.nextDate == tomorrow && again.id == order.id)
            let made = try await payments(database)
            #expect(made.map(\.executionDate) == [tomorrow])
        }
    }

    @Test(arguments: Engine.available) func `an order to a closed account, or to one in another currency, is refused, and its consent stays`(engine: Engine)
        async throws
    {
        try await withBank(engine) { database in
            try await database.openDollars()
            _ = try await database.write { try Accounts().setStatus(.closed, of: .savings, because: "it was closed", at: noon, in: $0) }
            for (number, refusal) in [(dollars, PaymentRefusal.creditorAccountCurrency), ("0100-200301", .creditorAccountClosed), ("0100-200300", .paysItself)]
            {
                let instruction = bill(to: number)
                let consent = try await database.approved(.standing(instruction, try plan()))

                await #expect(throws: refusal) { _ = try await take(database, try plan(), instruction, under: consent) }
                #expect(try await database.consentStatus(consent) == .authorised)
            }
        }
    }

    @Test(arguments: Engine.available) func `two nodes that find it due pay it once`(engine: Engine) async throws {
        try await withBank(engine) { database in
            _ = try await take(database, try plan())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask { _ = try await PaymentProcess(database: database, deadline: .seconds(60)).executeDue(by: ManualClock(dawn)) }
                }
                try await group.waitForAll()
            }
            #expect(try await payments(database).count == 1)
        }
    }

    @Test(arguments: Engine.available) func `each payment is received when its turn comes, and none goes to review for those before it`(engine: Engine)
        async throws
    {
        try await withBank(engine) { database in
            for number in 1...2 { _ = try await take(database, try plan(), bill(reference: "Order \(number)")) }
            let clock = ManualClock(dawn)
            // Each decision takes a minute, and the job that looks for what was never decided comes at its beginning.
            let process = PaymentProcess(database: database, randomness: SystemRandom(), deadline: .seconds(60), timer: ContinuousClock()) { payment, _ in
                let now = clock.now
                _ = try await database.write { try PaymentBooks().interruptAll(at: now, seen: Sightings(lasting: .zero), in: $0) }
                clock.advance(by: .minutes(1))
                return .harmless(payment)
            }

            _ = try await process.executeDue(by: clock)

            let made = try await payments(database)
            #expect(made.map(\.status) == [.accepted, .accepted])
            #expect(Set(made.map(\.createdAt)) == [dawn, dawn + .minutes(1)])
        }
    }
}

extension Optional where Wrapped: Sendable {
    fileprivate func asyncValue(_ other: () async throws -> Wrapped) async throws -> Wrapped {
        if let self { self } else { try await other() }
    }
}
