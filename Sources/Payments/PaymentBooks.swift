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

    /// How long after its receipt a payment without a decision is one that its process never made: far beyond the decision's own deadline, and beyond what
    /// the clocks of two nodes differ by.
    public static let patience = Duration.seconds(30)

    /// Sends to review what was received and never decided.
    /// - Returns: how many were found, at most `limit`.
    public func interruptAll(at now: Timestamp, limit: Int = 100, in tx: any WriteTransaction) throws -> Int {
        let found = try records.due(.received, at: now - Self.patience, ahead: now + Self.patience, limit: limit, in: tx)
        for payment in found { _ = try interrupt(payment, at: now, in: tx) }
        return found.count
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
        let creditor = try Accounts().address(of: payment.instruction.creditor.account, in: payment.world, tx)
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
            let creditor = try Accounts().address(of: payment.instruction.creditor.account, in: payment.world, tx)
            return try settle(payment, to: creditor, at: now, in: tx) != nil
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

    /// Books an accepted payment; when the creditor's account takes nothing any more, it is rejected after all.
    private func settle(_ payment: Payment, to creditor: AccountAddress?, at now: Timestamp, in tx: any WriteTransaction) throws -> Payment? {
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

    private func entry(_ payment: Payment, to creditor: AccountAddress?, at now: Timestamp) -> JournalEntry? {
        let amount = payment.instruction.amount
        let opposite = creditor?.id ?? InternalAccount.clearing.id(amount.currency, in: payment.world)
        return try? JournalEntry(
            id: EntryID(at: now, from: randomness), world: payment.world, kind: .transfer, bookedAt: now,
            postings: [
                Posting(
                    id: TransactionID(at: now, from: randomness), account: payment.debtorAccount,
                    amount: Money(minorUnits: -amount.minorUnits, currency: amount.currency), narrative: payment.narrative, pendingID: payment.holdID),
                Posting(id: TransactionID(at: now, from: randomness), account: opposite, amount: amount, narrative: payment.narrative),
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

    /// What the statements say.
    var narrative: Narrative {
        Narrative(
            instruction.reference, counterparty: Counterparty(name: instruction.creditor.name, account: instruction.creditor.account),
            category: .transfer, channel: .bankTransfer)
    }
}
