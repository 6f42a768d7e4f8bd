package import OpenBanking
package import Primitives
package import Risk
package import Storage

/// The way of one payment: two short transactions, and between them the risk decision, which holds no lock.
///
/// Whatever happens between the two leaves a payment that is received, whose amount is set aside, and which `interruptAll` sends to review.
package struct PaymentProcess: Sendable {
    /// Reads what the rules look at; a slow one is not waited for.
    package typealias Reading = @Sendable (Payment, Timestamp) async throws -> RiskInputs

    private let database: any Database
    private let books: PaymentBooks
    private let reading: Reading
    private let deadline: Duration
    private let timer: any Clock<Duration>

    package static let deadline = Duration.milliseconds(200)

    package init(database: any Database, randomness: any RandomSource = SystemRandom()) {
        self.init(database: database, randomness: randomness, timer: ContinuousClock()) { payment, now in
            try await database.read { try RiskReading().inputs(for: payment, at: now, in: $0) }
        }
    }

    /// - Parameter timer: measures the deadline of the decision.
    package init(
        database: any Database, randomness: any RandomSource, deadline: Duration = Self.deadline, timer: any Clock<Duration>, reading: @escaping Reading
    ) {
        self.database = database
        self.books = PaymentBooks(randomness: randomness)
        self.deadline = deadline
        self.timer = timer
        self.reading = reading
    }

    /// - Parameter completing: runs in the second transaction with the payment as it then stands, for what must stand or fall with it.
    /// - Returns: what `completing` made of it.
    /// - Throws: storage failures. After one the payment may have been received; the same request again finds it by its consent.
    package func make<Answer: Sendable>(
        _ new: NewPayment, at now: Timestamp, completing: @escaping @Sendable (Payment, any WriteTransaction) throws -> Answer
    ) async throws -> Result<Answer, PaymentRefusal> {
        let received: Received
        do {
            received = try await database.write { [books] tx in try Self.receive(new, books, at: now, in: tx) }
        } catch let refusal as PaymentRefusal {
            return .failure(refusal)
        }
        switch received {
        case .again(let payment):
            return .success(
                try await database.write { [books] tx in
                    let standing = try books.interrupt(payment, at: now, in: tx) ?? PaymentRecords().find(payment.id, in: tx) ?? payment
                    return try completing(standing, tx)
                })
        case .new(let payment):
            let (decision, inputs) = await decision(on: payment, at: now)
            return .success(
                try await database.write { [books] tx in
                    let decided = try books.decide(payment, decision, on: inputs, at: now, in: tx)
                    // It was sent to review while the decision was on its way.
                    let standing = try decided ?? PaymentRecords().find(payment.id, in: tx) ?? payment
                    return try completing(standing, tx)
                })
        }
    }

    private enum Received {
        case new(Payment)
        /// The request that made it came before, and its process stopped before it answered.
        case again(Payment)
    }

    private static func receive(_ new: NewPayment, _ books: PaymentBooks, at now: Timestamp, in tx: any WriteTransaction) throws -> Received {
        do {
            return .new(try books.receive(new, at: now, in: tx))
        } catch PaymentRefusal.consentState(.consumed) {
            // The refusal came before anything was written.
            guard let key = new.idempotencyKey, let earlier = try PaymentRecords().find(of: new.consentID, in: tx), earlier.idempotencyKey == key
            else { throw PaymentRefusal.consentState(.consumed) }
            return .again(earlier)
        }
    }

    private func decision(on payment: Payment, at now: Timestamp) async -> (RiskDecision, RiskInputs?) {
        // What cannot be read in time, or at all, is looked at by a person.
        guard let inputs = await within(deadline, by: timer, { try await signals(of: payment, at: now) }) else { return (.timedOut, nil) }
        return (RiskDecision(on: inputs), inputs)
    }

    /// What the rules look at: the account's own past, or what the payment's scenario shows them.
    private func signals(of payment: Payment, at now: Timestamp) async throws -> RiskInputs {
        switch payment.scenario?.outcome {
        case nil: return try await reading(payment, now)
        case .judged(let signals, _): return signals.inputs(for: payment.instruction.amount)
        case .unreadable:
            try await timer.sleep(for: deadline * 2)
            return try await reading(payment, now)
        case .refused, .settled, .sentBack, .unanswered: return PaymentScenario.Signals.calm.inputs(for: payment.instruction.amount)
        }
    }
}
