import Bank
import OpenBanking
import Payments
import Primitives
import Risk
import Storage
import Synchronization
import Testing
import TestSupport

@Suite("Payments that meet in the database")
struct OpposingPaymentsTests {
    @Test(arguments: Engine.available) func `from each of two accounts to the other, at once: every one is settled, and nobody is told of a deadlock`(
        engine: Engine
    ) async throws {
        try await withBank(engine) { database in
            let there = bill(kes(600), to: "0100-200301")
            _ = try await database.make(there, under: try await database.approved(there)).get()
            let bills = [bill(kes(1), to: "0100-200301"), bill(kes(1), to: "0100-200300")]
            var asked: [(consent: ConsentID, bill: PaymentInstruction)] = []
            for number in 0..<80 {
                let bill = bills[number % 2]
                asked.append((try await database.approved(bill, from: number % 2 == 0 ? .everyday : .savings), bill))
            }

            let all = asked
            // As many at once as there are connections on a slow machine; the others follow.
            let settled = try await withThrowingTaskGroup(of: Bool.self) { group in
                var settled = 0
                for (number, one) in all.enumerated() {
                    if number >= 16 { settled += try await group.next() == true ? 1 : 0 }
                    group.addTask {
                        let process = patientProcess(on: database)
                        let new = NewPayment(
                            appID: copilot, organisationID: acme, personID: amina, consentID: one.consent, instruction: one.bill,
                            idempotencyKey: "key-\(number)")
                        return try await process.make(new, at: noon) { payment, _ in payment.status == .settled }.get()
                    }
                }
                return try await group.reduce(settled) { $0 + ($1 ? 1 : 0) }
            }

            #expect(settled == 80)
            #expect(try await database.balance(of: .everyday).booked == kes(400))
            try await database.expectSoundBooks()
        }
    }

    @Test func `40P01: of a payment and a transaction that locks in another order one runs again, and both are done`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withBank(.postgres) { database in
            let (paid, other) = (Gate(), Gate())
            let runs = Tally()
            let consent = try await database.approved()

            async let payment = patientProcess(on: database).make(new(consent), at: noon) { payment, tx in
                _ = runs.next()
                // Behind everything that was decided: it holds the payment's row.
                paid.open()
                other.waitBlocking()
                try tx.execute("UPDATE account SET sequence = sequence WHERE id = \(AccountID.savings)")
                return payment
            }
            async let opposed = database.write { tx in
                _ = runs.next()
                try tx.execute("UPDATE account SET sequence = sequence WHERE id = \(AccountID.savings)")
                other.open()
                paid.waitBlocking()
                return try tx.execute("UPDATE payment SET changed_at = changed_at WHERE consent_id = \(consent)")
            }

            let made = try await payment.get()
            #expect(try await opposed == 1)
            #expect(made.status == .accepted)
            // One more where a busy machine keeps the two apart for so long that the server ends a connection.
            #expect(runs.count >= 3)
            #expect(try await database.timeline(made) == [.received, .accepted])
        }
    }

    @Test func `40001: a transaction that PostgreSQL cannot put in order runs again, and the payment is decided once`() async throws {
        guard Engine.available.contains(.postgres) else { return }
        try await withBank(.postgres) { database in
            let runs = Tally()
            let consent = try await database.approved()

            let made = try await patientProcess(on: database).make(new(consent), at: noon) { payment, tx in
                if runs.next() == 1 { try tx.execute("DO $$ BEGIN RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001'; END $$") }
                return payment
            }.get()

            #expect(runs.count == 2)
            #expect(made.status == .accepted)
            #expect(try await database.timeline(made) == [.received, .accepted])
            #expect(try await database.balance().available == kes(900))
        }
    }

    @Test(arguments: Engine.available) func `of two who settle at once one does it, and nobody waits`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let payment = try await database.make(under: try await database.approved()).get()
            let (settled, asked) = (Gate(), Gate())
            let due = noon + .minutes(1)

            async let first = database.write { tx in
                let moved = try PaymentBooks().settleDue(at: due, in: tx)
                settled.open()
                // On SQLite the other one comes when this one has ended.
                if engine == .postgres { asked.waitBlocking() }
                return moved
            }
            await settled.wait()
            let second = try await database.write { try PaymentBooks().settleDue(at: due, in: $0) }
            asked.open()

            #expect(try await first == 1)
            #expect(second == 0)
            #expect(try await database.timeline(payment) == [.received, .accepted, .settled])
        }
    }

    /// One whose decision does not depend on how busy the machine is.
    private func patientProcess(on database: any Database) -> PaymentProcess {
        PaymentProcess(database: database, randomness: SystemRandom(), deadline: .seconds(60), timer: ContinuousClock()) { payment, _ in .harmless(payment) }
    }

    private func new(_ consent: ConsentID) -> NewPayment {
        NewPayment(appID: copilot, organisationID: acme, personID: amina, consentID: consent, instruction: bill(), idempotencyKey: "key-1")
    }
}

/// Counts what runs more often than once.
private final class Tally: Sendable {
    private let total = Mutex(0)

    var count: Int { total.withLock { $0 } }

    func next() -> Int {
        total.withLock { total in
            total += 1
            return total
        }
    }
}
