import Bank
public import Consents
public import OpenBanking
public import Primitives
public import Storage

extension PaymentBooks {
    /// Takes a payment: holds it against its consent, sets its amount aside, and writes it down as received. One for a later day is scheduled, and nothing is
    /// set aside for it yet.
    /// - Throws: `PaymentRefusal`, which rolls the transaction back so that nothing of it stays; otherwise storage failures.
    public func receive(_ new: NewPayment, at now: Timestamp, in tx: any WriteTransaction) throws -> Payment {
        guard let consent = try consents.find(new.consentID, in: tx), consent.appID == new.appID, consent.personID == new.personID,
            let terms = consent.payment, let debtor = consent.accounts.first
        else { throw PaymentRefusal.unknownConsent }
        guard terms.order.allows(new.kind) else { throw PaymentRefusal.consentType(consent.type) }
        let status = consent.status(at: now)
        guard status == .authorised else { throw PaymentRefusal.consentState(status) }
        if case .single(let instruction, let executionDate) = terms.order {
            try Self.compare(instruction, executionDate, with: new)
            if let executionDate { try Self.check(.executionDate, executionDate, isNotOverAt: now) }
        }
        guard let (account, creditor) = try Accounts().debtor(debtor, paying: new.instruction.creditor.account, in: tx)
        else { throw PaymentRefusal.unknownConsent }
        switch terms.order {
        case .single:
            try Self.check(creditor, takes: new.instruction.amount, from: account)
            guard try consents.consume(consent, at: now, requestID: new.requestID, in: tx) != nil else {
                throw PaymentRefusal.consentState(try consents.status(of: consent.id, at: now, in: tx) ?? .consumed)
            }
        case .recurring(let recurring):
            // First whose the creditor's account is: of another's, nothing else is told.
            try check(new, within: recurring, to: creditor, at: now, in: tx)
            try Self.check(creditor, takes: new.instruction.amount, from: account)
            // Draws on one consent wait for each other here, so that none counts without the others.
            guard try consents.lock(consent.id, in: tx) == .authorised else {
                throw PaymentRefusal.consentState(try consents.status(of: consent.id, at: now, in: tx) ?? .revoked)
            }
            try checkLimits(of: recurring, for: new, under: consent, at: now, in: tx)
        case .standing, .bulk: throw PaymentRefusal.consentType(consent.type)
        }
        if let refusal = new.scenario?.refusal { throw refusal }
        var payment = Payment(new, from: account, at: now, randomness: randomness)
        if let day = new.executionDate {
            payment.status = .scheduled
            payment.reason = .scheduled
            payment.settlesAt = BankCalendar.start(of: day)
        } else {
            try setAside(payment, at: now, in: tx)
        }
        try records.insert(payment, in: tx)
        return payment
    }

    /// Sets a payment's amount aside on the debtor's account.
    /// - Throws: `PaymentRefusal` before anything is written.
    func setAside(_ payment: Payment, at now: Timestamp, in tx: any WriteTransaction) throws {
        switch try books.hold(payment.hold(madeAt: now), in: tx) {
        case .success: return
        case .failure(.insufficientFunds(_, let available)): throw PaymentRefusal.insufficientFunds(available: available)
        case .failure(.blocked(_, let status)): throw PaymentRefusal.debtorAccountBlocked(status)
        // The customer's accounts in the payment's currency are the only ones that the consent page offers; and its amount was read from 16 digits.
        case .failure(let refusal): throw StorageError.failed(reason: "a payment could not be set aside: \(refusal)")
        }
    }

    // MARK: Checks

    /// Whether an account of this bank can be paid. Another bank's is for that bank to say.
    static func check(_ creditor: AccountAddress?, takes amount: Money, from debtor: AccountAddress) throws(PaymentRefusal) {
        guard let creditor else { return }
        guard creditor.id != debtor.id else { throw .paysItself }
        guard creditor.status.allowsCredits else { throw .creditorAccountClosed }
        guard creditor.currency == amount.currency else { throw .creditorAccountCurrency }
    }

    /// Whether the first day that the customer approved is still to come, or today. What was due since would be paid at once otherwise, a daily order's
    /// payments all together.
    static func check(_ member: PaymentInstructionRefusal.Member, _ day: CivilDate, isNotOverAt now: Timestamp) throws(PaymentRefusal) {
        let today = BankCalendar.day(of: now)
        guard day >= today else { throw .dayIsOver(member, day, today: today) }
    }

    private static func compare(_ instruction: PaymentInstruction, _ executionDate: CivilDate?, with new: NewPayment) throws(PaymentRefusal) {
        var differences = instruction.differences(from: new.instruction).map {
            PaymentRefusal.Difference(member: $0.member, approved: $0.approved, sent: $0.sent)
        }
        if executionDate != new.executionDate {
            differences.append(
                .init(
                    member: .executionDate, approved: executionDate?.description ?? "none", sent: new.executionDate?.description ?? "none"))
        }
        guard differences.isEmpty else { throw .differs(differences) }
    }

    private func check(
        _ new: NewPayment, within terms: RecurringTerms, to account: AccountAddress?, at now: Timestamp, in tx: any ReadTransaction
    ) throws {
        let (amount, creditor) = (new.instruction.amount, new.instruction.creditor)
        guard amount.currency == terms.maximum.currency else {
            throw PaymentRefusal.differs([.init(member: .currency, approved: terms.maximum.currency.rawValue, sent: amount.currency.rawValue)])
        }
        if let validFrom = terms.validFrom, now < validFrom { throw PaymentRefusal.notYetValid(from: validFrom) }
        guard amount.minorUnits <= terms.maximum.minorUnits else { throw PaymentRefusal.aboveMaximum(terms.maximum) }
        if let approved = terms.creditor {
            let pairs: [(PaymentInstructionRefusal.Member, String, String)] = [
                (.creditorName, approved.name, creditor.name), (.creditorAccount, approved.account, creditor.account),
            ]
            let differences = pairs.filter { !$0.1.hasBytes(of: $0.2) }
            guard differences.isEmpty else {
                throw PaymentRefusal.differs(differences.map { .init(member: $0.0, approved: $0.1, sent: $0.2) })
            }
        } else {
            // Another's account looks like one that does not exist.
            guard let account, try Accounts().find(account.id, in: tx)?.isHeld(by: new.personID) == true else { throw PaymentRefusal.notTheirAccount }
        }
    }

    private func checkLimits(
        of terms: RecurringTerms, for new: NewPayment, under consent: Consent, at now: Timestamp, in tx: any ReadTransaction
    ) throws {
        for usage in try usage(of: terms, under: consent, at: now, in: tx) where new.instruction.amount.minorUnits > usage.left.minorUnits {
            throw PaymentRefusal.aboveLimit(usage.limit, left: usage.left, until: usage.window.until)
        }
    }

    /// What was paid under a recurring consent in the periods of now.
    public func usage(of terms: RecurringTerms, under consent: Consent, at now: Timestamp, in tx: any ReadTransaction) throws -> [LimitUsage] {
        try terms.limits.map { limit in
            let window = limit.window(at: now, from: terms.validFrom ?? consent.createdAt)
            let paid = try records.total(of: consent.id, since: window.from, in: tx)
            return LimitUsage(limit: limit, window: window, paid: Money(minorUnits: paid, currency: window.amount.currency))
        }
    }
}

/// A limit, its period of now, and what was paid in it.
public struct LimitUsage: Hashable, Sendable {
    public let limit: PeriodicLimit
    public let window: LimitWindow
    public let paid: Money

    public var left: Money {
        Money(minorUnits: max(0, window.amount.minorUnits - paid.minorUnits), currency: paid.currency)
    }
}

extension PaymentOrder {
    fileprivate func allows(_ kind: PaymentKind) -> Bool {
        switch self {
        case .single: kind == .payment
        case .recurring: kind == .transfer
        case .standing: kind == .standingOrder
        case .bulk: false
        }
    }
}

extension Payment {
    /// As it is received.
    fileprivate init(_ new: NewPayment, from account: AccountAddress, at now: Timestamp, randomness: any RandomSource) {
        self.init(
            id: PaymentID(at: now, from: randomness), kind: new.kind, appID: new.appID, organisationID: new.organisationID, consentID: new.consentID,
            personID: new.personID, world: account.world, debtorAccount: account.id, instruction: new.instruction, executionDate: new.executionDate,
            standingOrderID: nil, holdID: TransactionID(at: now, from: randomness), status: .received, reason: .submitted, createdAt: now, changedAt: now,
            settlesAt: now, idempotencyKey: new.idempotencyKey, scenario: new.scenario)
    }
}
