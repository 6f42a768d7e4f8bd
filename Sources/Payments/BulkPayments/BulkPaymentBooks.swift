import Bank
public import Consents
public import OpenBanking
public import Primitives
public import Risk
public import Storage
import Events

/// What happens to a bulk payment and its money, each step inside the caller's transaction.
public struct BulkPaymentBooks: Sendable {
    private let randomness: any RandomSource
    private let consents: Consents
    private let records = BulkPaymentRecords()
    private let books = Books()

    public init(randomness: any RandomSource = SystemRandom()) {
        self.randomness = randomness
        consents = Consents(randomness: randomness)
    }

    // MARK: Taking

    /// Keeps a file, and lodges the consent that it needs.
    public func lodge(_ new: NewBulkPayment, at now: Timestamp, in tx: any WriteTransaction) throws -> (bulk: BulkPayment, consent: Consent) {
        let id = BulkPaymentID(at: now, from: randomness)
        let named = new.file.debtorAccount.flatMap { AccountID($0) }
        let order = BulkOrder(
            id: id, count: new.file.lines.count, total: new.file.total, digest: new.digest, debtorNumber: named == nil ? new.file.debtorAccount : nil)
        let consent = try consents.lodge(
            NewConsent(
                appID: new.appID, organisationID: new.organisationID, payment: PaymentTerms(order: .bulk(order), debtorAccount: named),
                expiresAt: now + ConsentTerm.payment), by: .app(new.appID), at: now, requestID: new.requestID, in: tx)
        let bulk = BulkPayment(
            id: id, appID: new.appID, organisationID: new.organisationID, consentID: consent.id, format: new.format, digest: new.digest,
            reference: new.file.reference, count: order.count, total: order.total, createdAt: now)
        try records.insert(bulk, new.file.lines, in: tx)
        return (bulk, consent)
    }

    /// Begins to carry out a file: uses up its consent, sets the total aside, and writes it down as received.
    /// - Returns: `nil` when the app has no such bulk payment.
    /// - Throws: `PaymentRefusal`, which rolls the transaction back so that nothing of it stays; otherwise storage failures.
    public func receive(_ new: NewBulkExecution, at now: Timestamp, in tx: any WriteTransaction) throws -> BulkPayment? {
        guard let bulk = try records.find(new.bulkPaymentID, in: tx), bulk.appID == new.appID else { return nil }
        guard bulk.consentID == new.consentID, let consent = try consents.find(new.consentID, in: tx), consent.appID == new.appID,
            consent.personID == new.personID, case .bulk(let order)? = consent.payment?.order, order.id == bulk.id, let debtor = consent.accounts.first
        else { throw PaymentRefusal.unknownConsent }
        let status = consent.status(at: now)
        guard status == .authorised else { throw PaymentRefusal.consentState(status) }
        // Both were written in one transaction and nothing changes either: what differs was changed behind our back, and is not what was approved.
        guard order.count == bulk.count, order.total == bulk.total, order.digest == bulk.digest else {
            throw StorageError.failed(reason: "bulk payment \(bulk.id) is not what its consent says")
        }
        guard let account = try Accounts().find(debtor, in: tx) else { throw PaymentRefusal.unknownConsent }
        guard try consents.consume(consent, at: now, requestID: new.requestID, in: tx) != nil else {
            throw PaymentRefusal.consentState(try consents.status(of: consent.id, at: now, in: tx) ?? .consumed)
        }
        let execution = BulkExecution(
            personID: new.personID, world: account.world, debtorAccount: debtor, holdID: TransactionID(at: now, from: randomness), status: .received,
            reason: .submitted, receivedAt: now, changedAt: now, settlesAt: now, idempotencyKey: new.idempotencyKey)
        try setAside(bulk, execution, at: now, in: tx)
        guard let begun = try records.begin(bulk, execution, in: tx) else { throw PaymentRefusal.consentState(.consumed) }
        return begun
    }

    private func setAside(_ bulk: BulkPayment, _ execution: BulkExecution, at now: Timestamp, in tx: any WriteTransaction) throws {
        let hold = Hold(
            id: execution.holdID, account: execution.debtorAccount, amount: Money(minorUnits: -bulk.total.minorUnits, currency: bulk.total.currency),
            madeAt: now, settlesAt: now + PaymentBooks.settlement, narrative: bulk.narrative, payment: bulk.id.asPayment)
        switch try books.hold(hold, in: tx) {
        case .success: return
        case .failure(.insufficientFunds(_, let available)): throw PaymentRefusal.insufficientFunds(available: available)
        case .failure(.blocked(_, let status)): throw PaymentRefusal.debtorAccountBlocked(status)
        // The consent page offers accounts in the file's currency only; and what cannot be added up is more than there is.
        case .failure(let refusal): throw StorageError.failed(reason: "a bulk payment could not be set aside: \(refusal)")
        }
    }

    // MARK: Deciding

    /// Writes down what was decided about the risk, and does it.
    /// - Returns: `nil` when it was decided before.
    public func decide(
        _ bulk: BulkPayment, _ decision: RiskDecision, on inputs: RiskInputs?, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> BulkPayment? {
        let decided: BulkPayment? =
            switch decision.outcome {
            case .allow: try accept(bulk, by: .system, because: .checksPassed, at: now, in: tx)
            case .review: try records.move(bulk, on: .hold, by: .system, because: .underReview, at: now, in: tx)
            case .block: try records.move(bulk, on: .block, by: .system, because: .blockedByRisk, at: now, in: tx)
            case .decline: try reject(bulk, by: .system, because: .declinedByRisk, at: now, in: tx)
            }
        if decided != nil { try RiskDecisions().insert(decision, on: inputs, of: bulk.id.asPayment, at: now, in: tx) }
        return decided
    }

    /// One that was received and never decided, because its process stopped in between, goes to review: nobody knows what its risk was.
    public func interrupt(_ bulk: BulkPayment, at now: Timestamp, in tx: any WriteTransaction) throws -> BulkPayment? {
        try records.move(bulk, on: .hold, by: .system, because: .interrupted, at: now, in: tx)
    }

    /// Sends to review what was received and never decided.
    /// - Parameter sightings: what this process saw at earlier looks.
    /// - Returns: how many went there, at most `limit`.
    public func interruptAll(at now: Timestamp, seen sightings: Sightings<BulkPaymentID>, limit: Int = 100, in tx: any WriteTransaction) throws -> Int {
        let found = try records.undecided(at: now, limit: limit, in: tx)
        let isLasting = sightings.look(at: found.map(\.id))
        return try found.filter { isLasting($0.id) }.count { try interrupt($0, at: now, in: tx) != nil }
    }

    /// A member of staff lets one that was held or blocked go on.
    public func release(_ bulk: BulkPayment, at now: Timestamp, in tx: any WriteTransaction) throws -> BulkPayment? {
        try accept(bulk, by: .bank, because: .releasedByBank, at: now, in: tx)
    }

    /// None of its payments is made: what was set aside for them is free again.
    public func reject(
        _ bulk: BulkPayment, by actor: PaymentActor, because reason: PaymentReason, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> BulkPayment? {
        try end(bulk, on: .reject, by: actor, because: reason, at: now, in: tx)
    }

    /// Takes it back, where its status allows that.
    public func cancel(
        _ bulk: BulkPayment, by actor: PaymentActor, because reason: PaymentReason, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> BulkPayment? {
        try end(bulk, on: .cancel, by: actor, because: reason, at: now, in: tx)
    }

    private func end(
        _ bulk: BulkPayment, on event: PaymentEvent, by actor: PaymentActor, because reason: PaymentReason, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> BulkPayment? {
        guard let ended = try records.move(bulk, on: event, by: actor, because: reason, at: now, in: tx), let execution = ended.execution else { return nil }
        // The move was won once, and nothing else ends its hold.
        guard case .success = try books.release(execution.holdID, at: now, in: tx) else {
            throw StorageError.failed(reason: "the hold of bulk payment \(bulk.id) was not pending")
        }
        return ended
    }

    /// Where all creditors are in the bank it is settled at once, otherwise a little later.
    private func accept(
        _ bulk: BulkPayment, by actor: PaymentActor, because reason: PaymentReason, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> BulkPayment? {
        guard let execution = bulk.execution else { return nil }
        let lines = try records.lines(of: bulk, in: tx)
        let creditors = try Accounts().find(numbers: lines.map(\.instruction.creditor.account), in: execution.world, tx)
        let isInside = lines.allSatisfy { creditors[$0.instruction.creditor.account] != nil }
        let settlesAt = isInside ? now : now + PaymentBooks.settlement
        guard let accepted = try records.move(bulk, on: .accept, by: actor, because: reason, settlesAt: settlesAt, at: now, in: tx) else { return nil }
        return isInside ? try settle(accepted, lines, creditors, at: now, in: tx) ?? accepted : accepted
    }

    // MARK: Settling

    /// Settles what is due, one at a time, since a file may have thousands of payments, and unless another transaction is at it.
    /// - Returns: whether there was one.
    public func settleNext(at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        guard try tx.isAlone(at: "payments.bulk_settlement") else { return false }
        guard let bulk = try records.due(at: now, limit: 1, in: tx).first, let execution = bulk.execution else { return false }
        let lines = try records.lines(of: bulk, in: tx)
        let creditors = try Accounts().find(numbers: lines.map(\.instruction.creditor.account), in: execution.world, tx)
        return try settle(bulk, lines, creditors, at: now, in: tx) != nil
    }

    /// Books a file as one entry. Payments to accounts that take nothing are left out, and told so.
    private func settle(
        _ bulk: BulkPayment, _ lines: [BulkPaymentLine], _ creditors: [String: Account], at now: Timestamp, in tx: any WriteTransaction
    ) throws -> BulkPayment? {
        guard let execution = bulk.execution, let debtor = try Accounts().find(execution.debtorAccount, in: tx) else { return nil }
        var sheet = BulkSheet(bulk, lines, from: debtor, to: creditors)
        while let entry = sheet.entry(in: execution.world, hold: execution.holdID, at: now, randomness) {
            switch try books.settle(execution.holdID, with: entry, in: tx) {
            case .success:
                for (reason, numbers) in sheet.refused.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                    try records.refuse(numbers, of: bulk.id, because: reason, in: tx)
                }
                return try records.move(bulk, on: .settle, by: .system, because: .booked, paid: sheet.paid, at: now, in: tx)
            // It was closed between the look and the lock: nothing was written, and the rest is tried again.
            case .failure(.blocked(let account, _)) where account != execution.debtorAccount: sheet.refuse(account)
            case .failure(.blocked): return try reject(bulk, by: .system, because: .accountBlocked, at: now, in: tx)
            // Another writer settled it between the look and the hold's own conditional write.
            case .failure(.notPending): return nil
            case .failure: return try reject(bulk, by: .system, because: .creditorRefused, at: now, in: tx)
            }
        }
        return try reject(bulk, by: .system, because: sheet.refused.keys.contains(.accountClosed) ? .accountClosed : .creditorRefused, at: now, in: tx)
    }
}

extension BulkPayment {
    /// What the debtor's statement says.
    var narrative: Narrative {
        Narrative(reference ?? "Payments of one file, \(count) in all", category: .transfer, channel: .bankTransfer)
    }
}
