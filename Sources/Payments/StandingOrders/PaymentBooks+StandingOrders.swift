import Bank
import Consents
public import OpenBanking
public import Primitives
public import Storage

extension PaymentBooks {
    /// Takes a standing order: uses up its consent, and writes it down.
    /// - Returns: the order; the same again when the same request comes again.
    /// - Throws: `PaymentRefusal`, which rolls the transaction back so that nothing of it stays; otherwise storage failures.
    public func take(_ new: NewStandingOrder, at now: Timestamp, in tx: any WriteTransaction) throws -> StandingOrder {
        guard let consent = try consents.find(new.consentID, in: tx), consent.appID == new.appID, consent.personID == new.personID,
            let terms = consent.payment, let debtor = consent.accounts.first
        else { throw PaymentRefusal.unknownConsent }
        guard case .standing(let instruction, let plan) = terms.order else { throw PaymentRefusal.consentType(consent.type) }
        let status = consent.status(at: now)
        if status == .consumed, let earlier = try StandingOrderRecords().find(of: consent.id, in: tx), let key = new.idempotencyKey,
            earlier.idempotencyKey == key
        {
            guard Self.differences(earlier.instruction, earlier.plan, from: new).isEmpty else { throw PaymentRefusal.keyReused }
            return earlier
        }
        guard status == .authorised else { throw PaymentRefusal.consentState(status) }
        let differences = Self.differences(instruction, plan, from: new)
        guard differences.isEmpty else { throw PaymentRefusal.differs(differences) }
        try Self.check(.firstDate, plan.firstDate, isNotOverAt: now)
        guard let (account, creditor) = try Accounts().debtor(debtor, paying: instruction.creditor.account, in: tx)
        else { throw PaymentRefusal.unknownConsent }
        try Self.check(creditor, takes: instruction.amount, from: account)
        guard try consents.consume(consent, at: now, requestID: new.requestID, in: tx) != nil else {
            throw PaymentRefusal.consentState(try consents.status(of: consent.id, at: now, in: tx) ?? .consumed)
        }
        let order = StandingOrder(
            id: StandingOrderID(at: now, from: randomness), appID: consent.appID, organisationID: consent.organisationID, consentID: consent.id,
            personID: new.personID, world: account.world, debtorAccount: account.id, instruction: instruction, plan: plan, status: .active, made: 0,
            createdAt: now, idempotencyKey: new.idempotencyKey)
        try StandingOrderRecords().insert(order, in: tx)
        return order
    }

    private static func differences(
        _ instruction: PaymentInstruction, _ plan: StandingOrderPlan, from new: NewStandingOrder
    ) -> [PaymentRefusal.Difference] {
        let plans: [(PaymentInstructionRefusal.Member, String, String)] = [
            (.frequency, plan.frequency.rawValue, new.plan.frequency.rawValue),
            (.firstDate, plan.firstDate.description, new.plan.firstDate.description),
            (.lastDate, plan.lastDate?.description ?? "none", new.plan.lastDate?.description ?? "none"),
        ]
        return instruction.differences(from: new.instruction).map { PaymentRefusal.Difference(member: $0.member, approved: $0.approved, sent: $0.sent) }
            + plans.filter { $0.1 != $0.2 }.map { PaymentRefusal.Difference(member: $0.0, approved: $0.1, sent: $0.2) }
    }

    /// Makes the payment that an order has due: received, or rejected when the account cannot pay it.
    /// - Returns: `nil` when another writer made it or ended the order before.
    func pay(_ order: StandingOrder, at now: Timestamp, in tx: any WriteTransaction) throws -> Payment? {
        guard let day = order.nextDate else { return nil }
        var after = order
        after.made += 1
        if after.nextDate == nil {
            after.status = .completed
            after.endedAt = now
            after.endedBy = .system
        }
        guard try StandingOrderRecords().move(order, to: after, in: tx) else { return nil }
        let payment = Payment(order, on: day, at: now, randomness: randomness)
        try records.insert(payment, in: tx)
        return try submit(payment, at: now, in: tx)
    }

    /// Executes a scheduled payment: received, or rejected when the account cannot pay it.
    /// - Returns: `nil` when another writer moved it before.
    func execute(_ payment: Payment, at now: Timestamp, in tx: any WriteTransaction) throws -> Payment? {
        guard let received = try records.move(payment, on: .execute, by: .system, because: .dayCame, settlesAt: now, at: now, in: tx) else { return nil }
        return try submit(received, at: now, in: tx)
    }

    private func submit(_ payment: Payment, at now: Timestamp, in tx: any WriteTransaction) throws -> Payment? {
        do {
            try setAside(payment, at: now, in: tx)
            return payment
        } catch let refusal as PaymentRefusal {
            // The refusal came before anything was set aside.
            let reason: PaymentReason = if case .insufficientFunds = refusal { .insufficientFunds } else { .accountBlocked }
            return try records.move(payment, on: .reject, by: .system, because: reason, at: now, in: tx)
        }
    }

    /// Ends a standing order: it makes no payment any more. What it has made goes on.
    /// - Returns: `nil` when it had ended before.
    public func cancel(
        _ id: StandingOrderID, by actor: PaymentActor, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> StandingOrder? {
        // A payment of it may be made at this moment; the look is then repeated.
        while let order = try StandingOrderRecords().find(id, in: tx), order.status == .active {
            var after = order
            after.status = .cancelled
            after.endedAt = now
            after.endedBy = actor
            if try StandingOrderRecords().move(order, to: after, in: tx) { return after }
        }
        return nil
    }
}

extension Payment {
    fileprivate init(_ order: StandingOrder, on day: CivilDate, at now: Timestamp, randomness: any RandomSource) {
        self.init(
            id: PaymentID(at: now, from: randomness), kind: .standingOrder, appID: order.appID, organisationID: order.organisationID,
            consentID: order.consentID, personID: order.personID, world: order.world, debtorAccount: order.debtorAccount, instruction: order.instruction,
            executionDate: day, standingOrderID: order.id, holdID: TransactionID(at: now, from: randomness), status: .received, reason: .dayCame,
            createdAt: now, changedAt: now, settlesAt: now, idempotencyKey: nil, scenario: nil)
    }
}
