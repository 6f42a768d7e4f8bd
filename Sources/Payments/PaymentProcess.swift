internal import Consents
import OpenBanking
public import Primitives
public import Risk
public import Storage

/// The way of one payment: two short transactions, and between them the risk decision, which holds no lock.
///
/// Whatever happens between the two leaves a payment that is received, whose amount is set aside, and which `interruptAll` sends to review.
public struct PaymentProcess: Sendable {
    /// Reads what the rules look at; a slow one is not waited for.
    public typealias Reading = @Sendable (Payment, Timestamp) async throws -> RiskInputs

    private let database: any Database
    private let books: PaymentBooks
    private let reading: Reading
    private let deadline: Duration
    private let timer: any Clock<Duration>
    private let metrics = RiskMetrics()

    public static let deadline = Duration.milliseconds(200)

    /// - Parameter deadline: how long the decision may take.
    public init(database: any Database, randomness: any RandomSource = SystemRandom(), deadline: Duration = PaymentProcess.deadline) {
        self.init(database: database, randomness: randomness, deadline: deadline, timer: ContinuousClock()) { payment, now in
            try await database.readOne { try RiskReading().inputs(for: payment, at: now, in: $0) }
        }
    }

    /// - Parameter timer: measures the deadline of the decision.
    public init(
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
    public func make<Answer: Sendable>(
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
        case .new(let payment): return .success(try await decide(payment, at: now, completing: completing))
        }
    }

    /// Executes the scheduled payments whose day has come, and those of standing orders.
    /// - Parameter clock: read for each payment, since those before it may take a minute: one that is received at a moment long gone would be sent to review.
    /// - Returns: how many were found, at most `limit` of each.
    /// - Throws: what one of them failed with, when all were tried; at once when the database does not answer.
    public func executeDue(by clock: any WallClock, limit: Int = 100) async throws -> Int {
        let scheduled = try await database.readOne { [now = clock.now] in try PaymentRecords().due(.scheduled, at: now, limit: limit, in: $0) }
        var failure: StorageError?
        for payment in scheduled {
            let now = clock.now
            do {
                let executed = try await database.write { [books] tx in try books.execute(payment, at: now, in: tx) }
                if let executed, executed.status == .received { try await decide(executed, at: now) { _, _ in } }
            } catch let error as StorageError where !error.isUnavailable {
                // One that cannot be made must not keep back those behind it.
                failure = error
            }
        }
        let orders = try await database.readOne { [now = clock.now] in try StandingOrderRecords().due(at: now, limit: limit, in: $0) }
        for order in orders {
            let now = clock.now
            do {
                let payment = try await database.write { [books] tx in try books.pay(order, at: now, in: tx) }
                if let payment, payment.status == .received { try await decide(payment, at: now) { _, _ in } }
            } catch let error as StorageError where !error.isUnavailable {
                failure = error
            }
        }
        if let failure { throw failure }
        return max(scheduled.count, orders.count)
    }

    private func decide<Answer: Sendable>(
        _ payment: Payment, at now: Timestamp, completing: @escaping @Sendable (Payment, any WriteTransaction) throws -> Answer
    ) async throws -> Answer {
        // One for a later day is decided on that day.
        guard payment.status == .received else { return try await database.write { try completing(payment, $0) } }
        let (decision, inputs) = await decision(on: payment, at: now)
        return try await database.write { [books] tx in
            let decided = try books.decide(payment, decision, on: inputs, at: now, in: tx)
            // It was sent to review while the decision was on its way.
            let standing = try decided ?? PaymentRecords().find(payment.id, in: tx) ?? payment
            return try completing(standing, tx)
        }
    }

    private enum Received {
        case new(Payment)
        /// The request that made it came before, and its process stopped before it answered.
        case again(Payment)
    }

    private static func receive(_ new: NewPayment, _ books: PaymentBooks, at now: Timestamp, in tx: any WriteTransaction) throws -> Received {
        // A consent with limits is not used up by the payment that came before. The same request may be under way, where its key was taken over from a process
        // that stood still: whoever has the consent's row sees what the other wrote.
        if new.kind == .transfer, try books.consents.lock(new.consentID, in: tx) != nil, let earlier = try earlier(new, at: now, in: tx) {
            return .again(earlier)
        }
        do {
            return .new(try books.receive(new, at: now, in: tx))
        } catch PaymentRefusal.consentState(.consumed) {
            // The refusal came before anything was written.
            guard let earlier = try earlier(new, at: now, in: tx) else { throw PaymentRefusal.consentState(.consumed) }
            return .again(earlier)
        }
    }

    /// What the same request made before: the gateway lets a key that it has forgotten come again for another payment.
    /// - Throws: `PaymentRefusal.keyReused` when the key came before for another payment.
    private static func earlier(_ new: NewPayment, at now: Timestamp, in tx: any ReadTransaction) throws -> Payment? {
        guard let key = new.idempotencyKey else { return nil }
        let since = now - IdempotencyKeyTerm.memory
        guard let earlier = try PaymentRecords().find(of: new.consentID, kind: new.kind, key: key, since: since, in: tx) else { return nil }
        guard earlier.instruction.differences(from: new.instruction).isEmpty, earlier.executionDate == new.executionDate else {
            throw PaymentRefusal.keyReused
        }
        return earlier
    }

    private func decision(on payment: Payment, at now: Timestamp) async -> (RiskDecision, RiskInputs?) {
        if let shown = payment.scenario?.signals {
            let inputs = shown.inputs(for: payment.instruction.amount)
            return (RiskDecision(on: inputs), inputs)
        }
        let begun = ContinuousClock.now
        let (decision, inputs) = await decisionInTime(on: payment, at: now)
        metrics.note(decision.outcome, after: .now - begun)
        return (decision, inputs)
    }

    private func decisionInTime(on payment: Payment, at now: Timestamp) async -> (RiskDecision, RiskInputs?) {
        // What cannot be read in time, or at all, is looked at by a person.
        guard let inputs = await within(deadline, by: timer, { try await read(payment, at: now) }) else { return (.timedOut, nil) }
        return (RiskDecision(on: inputs), inputs)
    }

    private func read(_ payment: Payment, at now: Timestamp) async throws -> RiskInputs {
        // The one scenario that shows the rules nothing has them wait in vain.
        if payment.scenario != nil { try await timer.sleep(for: deadline * 2) }
        return try await reading(payment, now)
    }
}
