import Bank
import OpenBanking
import Payments
import Primitives
import Risk
import Storage
import Synchronization
import Testing
import TestSupport

@Suite("Risk decisions on payments, on both engines")
struct RiskDecisionsTests {
    /// A payment whose risk is decided on inputs of the test's.
    private func make(
        _ inputs: RiskInputs, in database: any Database
    ) async throws -> Payment {
        let consent = try await database.approved()
        let process = PaymentProcess(database: database, randomness: SystemRandom(), timer: ContinuousClock()) { _, _ in inputs }
        return try await process.make(
            NewPayment(appID: copilot, organisationID: acme, personID: amina, consentID: consent, instruction: bill()), at: noon
        ) { payment, _ in payment }.get()
    }

    private func inputs(paymentsLastHour: Int, knowsCreditor: Bool = true, hour: Int = 12) -> RiskInputs {
        RiskInputs(
            amount: kes(100), available: 1_000_00, knowsCreditor: knowsCreditor, largestBefore: 1_000_00, countBefore: 10,
            paymentsLastHour: paymentsLastHour, hour: hour)
    }

    @Test(arguments: Engine.available) func `a payment under review keeps its money until the staff decides`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let held = try await make(inputs(paymentsLastHour: 12, knowsCreditor: false, hour: 3), in: database)
            #expect(held.status == .held)
            #expect(try await database.balance().available == kes(900))

            try await database.settleDue(at: noon + .hours(1))
            #expect(try await database.timeline(held) == [.received, .held])

            let released = try await database.write { try PaymentBooks().release(held, at: noon + .hours(2), in: $0) }
            #expect(released?.status == .accepted)
            try await database.settleDue(at: noon + .hours(3))
            #expect(try await database.timeline(held) == [.received, .held, .accepted, .settled])
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `what the staff rejects frees the money, once`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let held = try await make(inputs(paymentsLastHour: 12, knowsCreditor: false, hour: 3), in: database)

            let (first, second) = try await database.write { tx in
                (
                    try PaymentBooks().reject(held, by: .bank, because: .rejectedByBank, at: noon, in: tx),
                    try PaymentBooks().reject(held, by: .bank, because: .rejectedByBank, at: noon, in: tx)
                )
            }

            #expect(first?.status == .rejected && second == nil)
            #expect(try await database.balance().available == kes(1_000))
        }
    }

    @Test(arguments: Engine.available) func `a declined payment frees the money at once, a blocked one keeps it`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let declined = try await make(inputs(paymentsLastHour: 60), in: database)
            #expect(declined.status == .rejected && declined.reason == .declinedByRisk)
            #expect(try await database.balance().available == kes(1_000))

            let blocked = try await make(inputs(paymentsLastHour: 60, knowsCreditor: false), in: database)
            #expect(blocked.status == .blocked)
            #expect(try await database.balance().available == kes(900))
        }
    }

    @Test(arguments: Engine.available) func `a decision is kept with everything that it looked at`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let inputs = inputs(paymentsLastHour: 12, knowsCreditor: false, hour: 3)
            let payment = try await make(inputs, in: database)

            let kept = try #require(try await database.read { try RiskDecisions().find(of: payment.id, in: $0) })

            #expect(kept.decision == RiskDecision(on: inputs))
            #expect(kept.inputs.map(\.name) == inputs.named.map(\.0) && kept.inputs.map(\.value) == inputs.named.map(\.1))
        }
    }

    @Test(arguments: Engine.available) func `a decision that does not come in time sends the payment to review`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved()
            let gate = Gate()
            let process = PaymentProcess(database: database, randomness: SystemRandom(), deadline: .zero, timer: ContinuousClock()) { _, _ in
                await gate.wait()
                throw CancellationError()
            }

            let payment = try await process.make(
                NewPayment(appID: copilot, organisationID: acme, personID: amina, consentID: consent, instruction: bill()), at: noon
            ) { payment, _ in payment }.get()
            gate.open()

            #expect(payment.status == .held && payment.reason == .underReview)
            #expect(try await database.read { try RiskDecisions().find(of: payment.id, in: $0) }?.decision == .timedOut)
        }
    }

    @Test func `the decision has 200 milliseconds`() {
        #expect(PaymentProcess.deadline == .milliseconds(200))
    }

    @Test(arguments: Engine.available) func `what is read too late is cancelled`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved()
            let ended = Gate()
            let wasCancelled = Atomic(false)
            let process = PaymentProcess(database: database, randomness: SystemRandom(), deadline: .milliseconds(1), timer: ContinuousClock()) { _, _ in
                try? await Task.sleep(for: .seconds(300), clock: .continuous)
                wasCancelled.store(Task.isCancelled, ordering: .sequentiallyConsistent)
                ended.open()
                throw CancellationError()
            }

            let payment = try await process.make(
                NewPayment(appID: copilot, organisationID: acme, personID: amina, consentID: consent, instruction: bill()), at: noon
            ) { payment, _ in payment }.get()

            await ended.wait()
            let isCancelled = wasCancelled.load(ordering: .sequentiallyConsistent)
            #expect(isCancelled && payment.status == .held)
        }
    }

    @Test(arguments: Engine.available) func `the inputs are the account's own past`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let first = try await database.make(under: try await database.approved()).get()
            try await database.settleDue(at: noon + .minutes(1))
            let consent = try await database.approved()
            let second = try await database.write { tx in
                try PaymentBooks().receive(
                    NewPayment(appID: copilot, organisationID: acme, personID: amina, consentID: consent, instruction: bill()), at: noon + .minutes(2), in: tx)
            }

            let inputs = try await database.read { try RiskReading().inputs(for: second, at: noon + .minutes(2), in: $0) }

            #expect(first.status == .accepted)
            #expect(
                inputs
                    == RiskInputs(
                        amount: kes(100), available: 900_00, knowsCreditor: true, largestBefore: 100_00, countBefore: 1, paymentsLastHour: 1, hour: 15))
        }
    }

    @Test(arguments: Engine.available) func `a payment that was never decided goes to review, once`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved()
            let new = NewPayment(
                appID: copilot, organisationID: acme, personID: amina, consentID: consent, instruction: bill(), idempotencyKey: "key-1")
            let received = try await database.write { try PaymentBooks().receive(new, at: noon, in: $0) }

            let later = noon + .minutes(1)
            let found = try await database.write { tx in
                try (0..<2).map { _ in try PaymentBooks().interruptAll(at: later, seen: Sightings(lasting: .zero), in: tx) }
            }
            // The same request again is answered with the payment it made.
            let again = try await database.make(under: consent, key: "key-1", at: later).get()

            #expect(found == [1, 0])
            #expect(again.id == received.id && again.status == .held && again.reason == .interrupted)
            #expect(try await database.balance().available == kes(900))
        }
    }

    @Test(arguments: Engine.available) func `the same request after a crash finds its payment, another key does not`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved()
            let new = NewPayment(
                appID: copilot, organisationID: acme, personID: amina, consentID: consent, instruction: bill(), idempotencyKey: "key-1")
            let received = try await database.write { try PaymentBooks().receive(new, at: noon, in: $0) }

            let other = try await database.make(under: consent, key: "key-2")
            let same = try await database.make(under: consent, key: "key-1").get()

            #expect(other == .failure(.consentState(.consumed)))
            #expect(same.id == received.id && same.status == .held)
        }
    }
}
