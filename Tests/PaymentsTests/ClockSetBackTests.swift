import Bank
import OpenBanking
import Payments
import Primitives
import Storage
import Synchronization
import TestSupport
import Testing

/// The clock is set back by two hours after a payment came to where it stands.
@Suite("Payments when the clock is set back, on both engines")
struct ClockSetBackTests {
    private let early = noon - .hours(2)

    @Test(arguments: Engine.available) func `an accepted payment is settled, not two hours later`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let payment = try await database.make(under: try await database.approved()).get()
            #expect(payment.status == .accepted)

            #expect(try await database.read { try PaymentRecords().isAnythingDue(at: early, in: $0) })
            try await database.settleDue(at: early)

            #expect(try await database.timeline(payment) == [.received, .accepted, .settled])
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `an undecided payment goes to review, one of a node whose clock is ahead does not`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved()
            let new = NewPayment(appID: copilot, organisationID: acme, personID: amina, consentID: consent, instruction: bill())
            let payment = try await database.write { try PaymentBooks().receive(new, at: noon, in: $0) }
            func interrupt(at now: Timestamp) async throws -> (isDue: Bool, count: Int) {
                try await database.write { tx in
                    (try PaymentRecords().isAnythingDue(at: now, in: tx), try PaymentBooks().interruptAll(at: now, seen: Sightings(lasting: .zero), in: tx))
                }
            }

            #expect(try await interrupt(at: noon - PaymentBooks.patience) == (false, 0))
            #expect(try await interrupt(at: early) == (true, 1))
            #expect(try await database.timeline(payment) == [.received, .held])
        }
    }

    @Test(arguments: Engine.available, [-2, 2])
    func `a node whose clock is two hours off sends to review what it sees for ten seconds, not what passes`(engine: Engine, hours: Int64) async throws {
        try await withBank(engine) { database in
            let start = ContinuousClock.now
            let passed = Mutex(Duration.zero)
            let sightings = Sightings<PaymentID>(lasting: PaymentBooks.watch) { start + passed.withLock { $0 } }
            let theirs = noon + .hours(hours)
            func look(after seconds: Int) async throws -> Int {
                passed.withLock { $0 = .seconds(seconds) }
                return try await database.write { try PaymentBooks().interruptAll(at: theirs, seen: sightings, in: $0) }
            }
            func receive(_ reference: String) async throws -> Payment {
                let instruction = bill(reference: reference)
                let new = NewPayment(
                    appID: copilot, organisationID: acme, personID: amina, consentID: try await database.approved(instruction), instruction: instruction)
                return try await database.write { try PaymentBooks().receive(new, at: noon, in: $0) }
            }

            let passing = try await receive("Bill 1")
            let first = try await look(after: 0)
            _ = try await database.write { try PaymentBooks().reject(passing, by: .system, because: .declinedByRisk, at: noon, in: $0) }
            let staying = try await receive("Bill 2")
            let looks = [first, try await look(after: 1), try await look(after: 10), try await look(after: 11)]

            #expect(looks == [0, 0, 0, 1])
            #expect(try await database.timeline(passing) == [.received, .rejected])
            #expect(try await database.timeline(staying) == [.received, .held])
        }
    }

    @Test(arguments: Engine.available) func `a payment for a later day still waits for its day`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let day = BankCalendar.day(of: noon).adding(days: 1)
            let consent = try await database.approved(.single(bill(), executionDate: day))
            let payment = try await database.make(under: consent, on: day).get()

            try await database.work(at: early)

            #expect(try await database.timeline(payment) == [.scheduled])
        }
    }

    @Test(arguments: Engine.available) func `a scenario's look at what is held comes`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let instruction = bill(Money(minorUnits: 4022, currency: .kes))
            let new = NewPayment(
                appID: copilot, organisationID: acme, personID: amina, consentID: try await database.approved(instruction), instruction: instruction,
                scenario: PaymentScenario.named("held_then_released"))
            let payment = try await PaymentProcess(database: database, deadline: .seconds(60)).make(new, at: noon) { payment, _ in payment }.get()
            #expect(payment.status == .held)

            let isDue = try await database.read { try PaymentRecords().isAnythingDue(at: early, in: $0) }
            let looked = try await database.write { try PaymentBooks().lookDue(at: early, in: $0) }

            #expect(isDue && looked == 1)
            #expect(try await database.timeline(payment) == [.received, .held, .accepted])
        }
    }
}
