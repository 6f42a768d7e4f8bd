package import Bank
package import Consents
package import OpenBanking
package import Primitives
package import Risk
package import Storage
import Events

/// What happens to a payment and its money, each step inside the caller's transaction.
package struct PaymentBooks: Sendable {
    private let randomness: any RandomSource
    private let consents: Consents
    private let records = PaymentRecords()
    private let books = Books()

    /// How long another bank takes.
    package static let settlement = Duration.seconds(5)

    package init(randomness: any RandomSource = SystemRandom()) {
        self.randomness = randomness
        consents = Consents(randomness: randomness)
    }

    // MARK: Taking

    /// Takes a payment: uses up its consent, sets its amount aside, and writes it down as received.
    /// - Throws: `PaymentRefusal`, which rolls the transaction back so that nothing of it stays; otherwise storage failures.
    package func receive(_ new: NewPayment, at now: Timestamp, in tx: any WriteTransaction) throws -> Payment {
        guard let consent = try consents.find(new.consentID, in: tx), consent.appID == new.appID, consent.personID == new.personID,
            let terms = consent.payment, let debtor = consent.accounts.first
        else { throw PaymentRefusal.unknownConsent }
        let status = consent.status(at: now)
        guard status == .authorised else { throw PaymentRefusal.consentState(status) }
        let differences = terms.instruction.differences(from: new.instruction)
        guard differences.isEmpty else {
            throw PaymentRefusal.differs(differences.map { .init(member: $0.member, approved: $0.approved, sent: $0.sent) })
        }
        guard let (account, creditor) = try Accounts().debtor(debtor, paying: new.instruction.creditor.account, in: tx)
        else { throw PaymentRefusal.unknownConsent }
        guard account.id != creditor?.id else { throw PaymentRefusal.paysItself }
        if let creditor, !creditor.status.allowsCredits { throw PaymentRefusal.creditorAccountClosed }
        guard try consents.consume(consent, at: now, requestID: new.requestID, in: tx) != nil else {
            throw PaymentRefusal.consentState(try consents.status(of: consent.id, at: now, in: tx) ?? .consumed)
        }
        let payment = Payment(
            id: PaymentID(at: now, from: randomness), appID: new.appID, organisationID: new.organisationID, consentID: consent.id,
            personID: new.personID, world: account.world, debtorAccount: debtor, instruction: new.instruction,
            holdID: TransactionID(at: now, from: randomness), status: .received, reason: .submitted, createdAt: now, changedAt: now, settlesAt: now,
            idempotencyKey: new.idempotencyKey)
        try setAside(payment, in: tx)
        try records.insert(payment, in: tx)
        return payment
    }

    private func setAside(_ payment: Payment, in tx: any WriteTransaction) throws {
        switch try books.hold(payment.hold, in: tx) {
        case .success: return
        case .failure(.insufficientFunds(_, let available)): throw PaymentRefusal.insufficientFunds(available: available)
        case .failure(.blocked(_, let status)): throw PaymentRefusal.debtorAccountBlocked(status)
        // The customer's accounts in the payment's currency are the only ones that the consent page offers; and its amount was read from 16 digits.
        case .failure(let refusal): throw StorageError.failed(reason: "a payment could not be set aside: \(refusal)")
        }
    }

    // MARK: Deciding

    /// Writes down what was decided about the risk, and does it.
    /// - Returns: `nil` when the payment was decided before.
    package func decide(
        _ payment: Payment, _ decision: RiskDecision, on inputs: RiskInputs?, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> Payment? {
        let decided: Payment? =
            switch decision.outcome {
            case .allow: try accept(payment, by: .system, because: .checksPassed, at: now, in: tx)
            case .review: try records.move(payment, on: .hold, by: .system, because: .underReview, at: now, in: tx)
            case .block: try records.move(payment, on: .block, by: .system, because: .blockedByRisk, at: now, in: tx)
            case .decline: try reject(payment, by: .system, because: .declinedByRisk, at: now, in: tx)
            }
        if decided != nil { try RiskDecisions().insert(decision, on: inputs, of: payment.id, at: now, in: tx) }
        return decided
    }

    /// A payment that was received and never decided, because its process stopped in between, goes to review: nobody knows what its risk was.
    package func interrupt(_ payment: Payment, at now: Timestamp, in tx: any WriteTransaction) throws -> Payment? {
        try records.move(payment, on: .hold, by: .system, because: .interrupted, at: now, in: tx)
    }

    /// How long after its receipt a payment without a decision is one that its process never made: far beyond the decision's own deadline.
    package static let patience = Duration.seconds(30)

    /// Sends to review what was received and never decided.
    /// - Returns: how many were found, at most `limit`.
    package func interruptAll(at now: Timestamp, limit: Int = 100, in tx: any WriteTransaction) throws -> Int {
        let found = try records.undecided(since: now - Self.patience, limit: limit, in: tx)
        for payment in found { _ = try interrupt(payment, at: now, in: tx) }
        return found.count
    }

    /// A member of staff lets a payment that was held or blocked go on.
    package func release(_ payment: Payment, at now: Timestamp, in tx: any WriteTransaction) throws -> Payment? {
        try accept(payment, by: .bank, because: .releasedByBank, at: now, in: tx)
    }

    /// A payment is not made: what was set aside for it is free again.
    package func reject(
        _ payment: Payment, by actor: PaymentActor, because reason: PaymentReason, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> Payment? {
        guard let rejected = try records.move(payment, on: .reject, by: actor, because: reason, at: now, in: tx) else { return nil }
        // The move was won once, and nothing else ends the hold of a payment.
        guard case .success = try books.release(payment.holdID, at: now, in: tx) else {
            throw StorageError.failed(reason: "the hold of payment \(payment.id) was not pending")
        }
        return rejected
    }

    /// Inside the bank it is settled at once, to another bank a little later.
    private func accept(
        _ payment: Payment, by actor: PaymentActor, because reason: PaymentReason, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> Payment? {
        let creditor = try Accounts().address(of: payment.instruction.creditor.account, in: payment.world, tx)
        let settlesAt = creditor == nil ? now + Self.settlement : now
        guard let accepted = try records.move(payment, on: .accept, by: actor, because: reason, settlesAt: settlesAt, at: now, in: tx) else { return nil }
        return creditor == nil ? accepted : try settle(accepted, to: creditor, at: now, in: tx) ?? accepted
    }

    // MARK: Settling

    /// How many are settled in one transaction: whoever pays from or to one of their accounts waits until it ends.
    package static let batch = 25

    /// Settles what is due, unless another transaction is at it.
    /// - Returns: how many moved, at most `limit`.
    package func settleDue(at now: Timestamp, limit: Int = Self.batch, in tx: any WriteTransaction) throws -> Int {
        guard try tx.isAlone(at: "payments.settlement") else { return 0 }
        // In the order in which the books lock accounts: two that settle, or one that settles and one that pays, do not wait for each other for ever.
        return try records.due(at: now, limit: limit, in: tx).sorted { $0.debtorAccount < $1.debtorAccount }.count { payment in
            let creditor = try Accounts().address(of: payment.instruction.creditor.account, in: payment.world, tx)
            return try settle(payment, to: creditor, at: now, in: tx) != nil
        }
    }

    /// Books an accepted payment; when the creditor's account takes nothing any more, it is rejected after all.
    private func settle(_ payment: Payment, to creditor: AccountAddress?, at now: Timestamp, in tx: any WriteTransaction) throws -> Payment? {
        guard let entry = entry(payment, to: creditor, at: now) else {
            return try reject(payment, by: .system, because: .creditorRefused, at: now, in: tx)
        }
        switch try books.settle(payment.hold, with: entry, in: tx) {
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
    var hold: Hold {
        Hold(
            id: holdID, account: debtorAccount, amount: Money(minorUnits: -instruction.amount.minorUnits, currency: instruction.amount.currency),
            madeAt: createdAt, settlesAt: createdAt + PaymentBooks.settlement, narrative: narrative, payment: id)
    }

    /// What the statements say.
    var narrative: Narrative {
        Narrative(
            instruction.reference, counterparty: Counterparty(name: instruction.creditor.name, account: instruction.creditor.account),
            category: .transfer, channel: .bankTransfer)
    }
}
