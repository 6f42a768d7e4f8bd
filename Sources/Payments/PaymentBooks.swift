import Bank
import Consents
public import OpenBanking
public import Primitives
public import Risk
public import Storage
import Events

/// What happens to a payment and its money, each step inside the caller's transaction.
public struct PaymentBooks: Sendable {
    let randomness: any RandomSource
    let consents: Consents
    let records = PaymentRecords()
    let books = Books()

    /// How long another bank takes.
    public static let settlement = Duration.seconds(5)

    public init(randomness: any RandomSource = SystemRandom()) {
        self.randomness = randomness
        consents = Consents(randomness: randomness)
    }

    // MARK: Deciding

    /// Writes down what was decided about the risk, and does it.
    /// - Returns: `nil` when the payment was decided before.
    public func decide(
        _ payment: Payment, _ decision: RiskDecision, on inputs: RiskInputs?, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> Payment? {
        let decided: Payment? =
            switch decision.outcome {
            case .allow: try accept(payment, by: .system, because: .checksPassed, at: now, in: tx)
            case .review:
                try records.move(
                    payment, on: .hold, by: .system, because: .underReview, settlesAt: payment.scenario?.look.map { now + $0.after }, at: now, in: tx)
            case .block: try records.move(payment, on: .block, by: .system, because: .blockedByRisk, at: now, in: tx)
            case .decline: try reject(payment, by: .system, because: .declinedByRisk, at: now, in: tx)
            }
        if decided != nil { try RiskDecisions().insert(decision, on: inputs, of: payment.id, at: now, in: tx) }
        return decided
    }

    /// A payment that was received and never decided, because its process stopped in between, goes to review: nobody knows what its risk was.
    public func interrupt(_ payment: Payment, at now: Timestamp, in tx: any WriteTransaction) throws -> Payment? {
        try records.move(payment, on: .hold, by: .system, because: .interrupted, at: now, in: tx)
    }

    /// How long after its receipt a payment without a decision is one that its process never made: far beyond the decision's own deadline.
    public static let patience = Duration.seconds(30)
    /// How long it has to be seen so besides: where the clocks of two nodes are hours apart, one finds all payments of the other old as they come.
    public static let watch = Duration.seconds(10)

    /// Sends to review what was received and never decided.
    /// - Parameter sightings: what this process saw at earlier looks.
    /// - Returns: how many went there, at most `limit`.
    public func interruptAll(at now: Timestamp, seen sightings: Sightings<PaymentID>, limit: Int = 100, in tx: any WriteTransaction) throws -> Int {
        let found = try records.due(.received, at: now - Self.patience, ahead: now + Self.patience, limit: limit, in: tx)
        let isLasting = sightings.look(at: found.map(\.id))
        return try found.filter { isLasting($0.id) }.count { try interrupt($0, at: now, in: tx) != nil }
    }

    /// A member of staff lets a payment that was held or blocked go on.
    public func release(_ payment: Payment, at now: Timestamp, in tx: any WriteTransaction) throws -> Payment? {
        try accept(payment, by: .bank, because: .releasedByBank, at: now, in: tx)
    }

    /// A payment is not made: what was set aside for it is free again.
    public func reject(
        _ payment: Payment, by actor: PaymentActor, because reason: PaymentReason, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> Payment? {
        try end(payment, on: .reject, by: actor, because: reason, at: now, in: tx)
    }

    /// Takes a payment back, where its status allows that.
    public func cancel(
        _ payment: Payment, by actor: PaymentActor, because reason: PaymentReason, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> Payment? {
        try end(payment, on: .cancel, by: actor, because: reason, at: now, in: tx)
    }

    private func end(
        _ payment: Payment, on event: PaymentEvent, by actor: PaymentActor, because reason: PaymentReason, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> Payment? {
        guard let ended = try records.move(payment, on: event, by: actor, because: reason, at: now, in: tx) else { return nil }
        guard payment.status != .scheduled else { return ended }
        // The move was won once, and nothing else ends the hold of a payment.
        guard case .success = try books.release(payment.holdID, at: now, in: tx) else {
            throw StorageError.failed(reason: "the hold of payment \(payment.id) was not pending")
        }
        return ended
    }

    /// Inside the bank it is settled at once, to another bank a little later.
    private func accept(
        _ payment: Payment, by actor: PaymentActor, because reason: PaymentReason, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> Payment? {
        let creditor = try creditor(of: payment, in: tx)
        let wait = payment.scenario?.settlement ?? (creditor == nil ? Self.settlement : .zero)
        guard let accepted = try records.move(payment, on: .accept, by: actor, because: reason, settlesAt: now + wait, at: now, in: tx) else { return nil }
        return wait > .zero ? accepted : try settle(accepted, to: creditor, at: now, in: tx) ?? accepted
    }

    // MARK: Settling

    /// How many are settled in one transaction: whoever pays from or to one of their accounts waits until it ends.
    public static let batch = 25

    /// Settles what is due, unless another transaction is at it.
    /// - Returns: how many moved, at most `limit`.
    public func settleDue(at now: Timestamp, limit: Int = Self.batch, in tx: any WriteTransaction) throws -> Int {
        guard try tx.isAlone(at: "payments.settlement") else { return 0 }
        // In the order in which the books lock accounts: two that settle, or one that settles and one that pays, do not wait for each other for ever.
        let due = try records.due(.accepted, at: now, ahead: now + Self.patience, limit: limit, in: tx)
        return try due.sorted { $0.debtorAccount < $1.debtorAccount }.count { payment in
            try settle(payment, to: creditor(of: payment, in: tx), at: now, in: tx) != nil
        }
    }

    /// Has the staff of the sandbox's bank look at what is held, where its scenario says so, unless another transaction is at it.
    /// - Returns: how many moved, at most `limit`.
    public func lookDue(at now: Timestamp, limit: Int = 100, in tx: any WriteTransaction) throws -> Int {
        guard try tx.isAlone(at: "payments.settlement") else { return 0 }
        // In the order of `settleDue`: what is released inside the bank is settled at once, and locks the same accounts.
        return try records.looks(at: now, limit: limit, in: tx).sorted { $0.debtorAccount < $1.debtorAccount }.count { try look(at: $0, now, in: tx) }
    }

    private func look(at payment: Payment, _ now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        guard let scenario = payment.scenario, let look = scenario.look else { return false }
        let moved =
            look.releases
            ? try release(payment, at: now, in: tx) : try reject(payment, by: .bank, because: .rejectedByBank, at: now, in: tx)
        guard let moved else { return false }
        try AuditLog().append(
            AuditEntry(
                actor: .system, action: look.releases ? .paymentReleased : .paymentRejected, subject: payment.id.rawValue,
                before: ["status": payment.status.rawValue],
                after: ["status": moved.status.rawValue, "app": payment.appID.rawValue, "scenario": scenario.name], requestID: nil, at: now), in: tx)
        return true
    }

    /// - Returns: `nil` when it is another bank's.
    private func creditor(of payment: Payment, in tx: any ReadTransaction) throws -> PaidAccount? {
        try Accounts().paid(payment.instruction.creditor.account, by: payment.debtorAccount, in: payment.world, tx)
    }

    /// Books an accepted payment; when the creditor's account takes nothing any more, it is rejected after all.
    private func settle(_ payment: Payment, to creditor: PaidAccount?, at now: Timestamp, in tx: any WriteTransaction) throws -> Payment? {
        if let reason = payment.scenario?.returnReason { return try reject(payment, by: .system, because: reason, at: now, in: tx) }
        guard let entry = entry(payment, to: creditor, at: now) else {
            return try reject(payment, by: .system, because: .creditorRefused, at: now, in: tx)
        }
        switch try books.settle(payment.hold(madeAt: payment.createdAt), with: entry, in: tx) {
        case .success: return try records.move(payment, on: .settle, by: .system, because: .booked, at: now, in: tx)
        case .failure(.blocked(let account, _)):
            return try reject(
                payment, by: .system, because: account == payment.debtorAccount ? .accountBlocked : .accountClosed, at: now, in: tx)
        // Another writer settled it between the look and the hold's own conditional write.
        case .failure(.notPending): return nil
        case .failure: return try reject(payment, by: .system, because: .creditorRefused, at: now, in: tx)
        }
    }

    private func entry(_ payment: Payment, to creditor: PaidAccount?, at now: Timestamp) -> JournalEntry? {
        let amount = payment.instruction.amount
        // Each statement names the other side.
        let credited = creditor.map { payment.instruction.narrative(naming: $0.payer) } ?? payment.narrative
        let opposite = creditor?.id ?? InternalAccount.clearing.id(amount.currency, in: payment.world)
        return try? JournalEntry(
            id: EntryID(at: now, from: randomness), world: payment.world, kind: .transfer, bookedAt: now,
            postings: [
                Posting(
                    id: TransactionID(at: now, from: randomness), account: payment.debtorAccount,
                    amount: Money(minorUnits: -amount.minorUnits, currency: amount.currency), narrative: payment.narrative, pendingID: payment.holdID),
                Posting(id: TransactionID(at: now, from: randomness), account: opposite, amount: amount, narrative: credited),
            ], payment: payment.id)
    }
}

extension Payment {
    /// What is set aside for it.
    func hold(madeAt moment: Timestamp) -> Hold {
        Hold(
            id: holdID, account: debtorAccount, amount: Money(minorUnits: -instruction.amount.minorUnits, currency: instruction.amount.currency),
            madeAt: moment, settlesAt: moment + PaymentBooks.settlement, narrative: narrative, payment: id)
    }

    /// What the payer's statement says.
    var narrative: Narrative {
        instruction.narrative(naming: Counterparty(name: instruction.creditor.name, account: instruction.creditor.account))
    }
}

extension PaymentInstruction {
    /// What the statement of one side says, which names the other.
    func narrative(naming counterparty: Counterparty) -> Narrative {
        Narrative(reference, counterparty: counterparty, category: .transfer, channel: .bankTransfer)
    }
}
