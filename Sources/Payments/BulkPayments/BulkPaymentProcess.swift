import OpenBanking
public import Primitives
public import Risk
public import Storage

/// The way of one bulk payment, as that of one payment: two short transactions, and between them the risk decision, which holds no lock.
public struct BulkPaymentProcess: Sendable {
    /// Reads what the rules look at; a slow one is not waited for.
    public typealias Reading = @Sendable (BulkPayment, Timestamp) async throws -> RiskInputs

    private let database: any Database
    private let books: BulkPaymentBooks
    private let reading: Reading
    private let deadline: Duration
    private let timer: any Clock<Duration>
    private let metrics = RiskMetrics()

    /// - Parameter deadline: how long the decision may take.
    public init(database: any Database, randomness: any RandomSource = SystemRandom(), deadline: Duration = PaymentProcess.deadline) {
        self.init(database: database, randomness: randomness, deadline: deadline, timer: ContinuousClock()) { bulk, now in
            try await database.read { try RiskReading().inputs(for: bulk, at: now, in: $0) }
        }
    }

    /// - Parameter timer: measures the deadline of the decision.
    public init(
        database: any Database, randomness: any RandomSource, deadline: Duration = PaymentProcess.deadline, timer: any Clock<Duration>,
        reading: @escaping Reading
    ) {
        self.database = database
        self.books = BulkPaymentBooks(randomness: randomness)
        self.deadline = deadline
        self.timer = timer
        self.reading = reading
    }

    /// - Parameter completing: runs in the second transaction with the bulk payment as it then stands, for what must stand or fall with it.
    /// - Returns: what `completing` made of it; `nil` when the app has no such bulk payment.
    /// - Throws: storage failures. After one it may have been received; the same request again finds it.
    public func execute<Answer: Sendable>(
        _ new: NewBulkExecution, at now: Timestamp, completing: @escaping @Sendable (BulkPayment, any WriteTransaction) throws -> Answer
    ) async throws -> Result<Answer?, PaymentRefusal> {
        let received: Received?
        do {
            received = try await database.write { [books] tx in try Self.receive(new, books, at: now, in: tx) }
        } catch let refusal as PaymentRefusal {
            return .failure(refusal)
        }
        switch received {
        case nil: return .success(nil)
        case .again(let bulk):
            return .success(
                try await database.write { [books] tx in
                    let standing = try books.interrupt(bulk, at: now, in: tx) ?? BulkPaymentRecords().find(bulk.id, in: tx) ?? bulk
                    return try completing(standing, tx)
                })
        case .new(let bulk):
            let (decision, inputs) = await decision(on: bulk, at: now)
            return .success(
                try await database.write { [books] tx in
                    let decided = try books.decide(bulk, decision, on: inputs, at: now, in: tx)
                    // It was sent to review while the decision was on its way.
                    let standing = try decided ?? BulkPaymentRecords().find(bulk.id, in: tx) ?? bulk
                    return try completing(standing, tx)
                })
        }
    }

    private enum Received {
        case new(BulkPayment)
        /// The request that began it came before, and its process stopped before it answered.
        case again(BulkPayment)
    }

    private static func receive(_ new: NewBulkExecution, _ books: BulkPaymentBooks, at now: Timestamp, in tx: any WriteTransaction) throws -> Received? {
        do {
            return try books.receive(new, at: now, in: tx).map(Received.new)
        } catch PaymentRefusal.consentState(.consumed) {
            // The refusal came before anything was written.
            guard let key = new.idempotencyKey, let earlier = try BulkPaymentRecords().find(new.bulkPaymentID, in: tx),
                earlier.execution?.idempotencyKey == key
            else { throw PaymentRefusal.consentState(.consumed) }
            return .again(earlier)
        }
    }

    private func decision(on bulk: BulkPayment, at now: Timestamp) async -> (RiskDecision, RiskInputs?) {
        // What cannot be read in time, or at all, is looked at by a person.
        let begun = ContinuousClock.now
        let inputs = await within(deadline, by: timer) { try await reading(bulk, now) }
        let decision = inputs.map { RiskDecision(on: $0) } ?? .timedOut
        metrics.note(decision.outcome, after: .now - begun)
        return (decision, inputs)
    }
}
