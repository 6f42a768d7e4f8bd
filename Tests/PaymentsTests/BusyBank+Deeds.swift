import Bank
import Consents
import Events
import OpenBanking
import Payments
import Primitives
import Risk
import Storage
import TestSupport

extension BusyBank {
    /// What may happen, each as often as it stands here.
    private enum Deed: CaseIterable {
        case pay, payAndPay, payOnceMore, payUnderAnotherKey
        case stopBeforeTheDecision, failInTheFirst, failInTheSecond, interrupt
        case release, reject, cancel, reverse, settle
        case withdraw, expire, changeStatus, takeByCard, settleCards

        static let frequent: [Deed] = [.pay, .pay, .pay, .pay, .payAndPay, .settle, .release, .reject, .cancel, .cancel, .withdraw, .withdraw] + allCases
    }

    /// Does so many things, drawn by a seed.
    func live(through steps: Int, seed: UInt64) async throws {
        var chance = SeededGenerator(seed: seed)
        for _ in 0..<steps {
            guard let deed = chance.pick(Deed.frequent) else { continue }
            try await perform(deed, &chance)
        }
    }

    private func perform(_ deed: Deed, _ chance: inout SeededGenerator) async throws {
        let now = later(chance.below(3))
        switch deed {
        case .pay: try await ask(try await order(&chance, at: now), &chance, at: now)
        case .payAndPay: try await askTwiceAtOnce(try await order(&chance, at: now), &chance, at: now)
        case .payOnceMore: if let asked = chance.pick(told.asked) { try await ask(asked, &chance, at: now) }
        case .payUnderAnotherKey:
            guard let asked = chance.pick(told.asked) else { return }
            try await ask(
                Asked(consent: asked.consent, instruction: asked.instruction, key: "other-\(chance.next())", kind: asked.kind), &chance, at: now)
        case .stopBeforeTheDecision: try await receive(try await order(&chance, at: now), at: now) { _ in }
        case .failInTheFirst: try await receive(try await order(&chance, at: now), at: now) { _ in throw Self.failing }
        case .failInTheSecond: try await ask(try await order(&chance, at: now), &chance, at: now) { _ in throw Self.failing }
        case .interrupt: try await database.write { _ = try PaymentBooks().interruptAll(at: now, seen: Sightings(lasting: .zero), in: $0) }
        case .release, .reject: try await decideByStaff(deed == .release, &chance, at: now)
        case .cancel: try await cancel(&chance, at: now)
        case .reverse: try await reverse(&chance, at: now)
        case .settle: try await database.settleDue(at: now)
        case .withdraw: try await withdraw(&chance, at: now)
        case .expire: _ = try await database.write { try Consents().expireDue(at: now, in: $0) }
        case .changeStatus: try await changeStatus(&chance, at: now)
        case .takeByCard: try await takeByCard(&chance, at: now)
        case .settleCards: _ = try await database.write { [randomness] in try Books().settleDue(at: now, randomness: randomness, in: $0) }
        }
    }

    // MARK: Payments

    /// A payment under a consent of its own, or a draw.
    private func order(_ chance: inout SeededGenerator, at now: Timestamp) async throws -> Asked {
        try await chance.chance(perMille: 300) ? draw(&chance, at: now) : approved(&chance, at: now)
    }

    /// A draw under a consent with a limit, an earlier one or a new one, between Amina's own accounts. Some are above what the consent allows.
    private func draw(_ chance: inout SeededGenerator, at now: Timestamp) async throws -> Asked {
        let currency = Currency.allCases[chance.below(Currency.allCases.count)]
        let amount = Money(minorUnits: Int64(chance.within(1...Int(Self.opening * 3 / 10))), currency: currency)
        let instruction = try PaymentInstruction(
            amount: amount.decimal, currency: currency.rawValue, creditorName: "Amina Hassan", creditorAccount: Self.number(.empty, currency),
            reference: "Savings")
        let earlier = told.asked.filter { $0.kind == .transfer && $0.instruction.amount.currency == currency }
        let consent: ConsentID
        if chance.chance(perMille: 700), let asked = chance.pick(earlier) { consent = asked.consent } else { consent = try await limited(currency, at: now) }
        let asked = Asked(consent: consent, instruction: instruction, key: "draw-\(chance.next())", kind: .transfer)
        note(asked)
        return asked
    }

    private func limited(_ currency: Currency, at now: Timestamp) async throws -> ConsentID {
        let limit = Self.opening / 2
        let terms = RecurringTerms(
            stored: nil, maximum: Money(minorUnits: limit / 2, currency: currency),
            limits: [PeriodicLimit(period: .month, alignment: .consent, amount: Money(minorUnits: limit, currency: currency))], validFrom: nil)
        let consent = try await database.write { tx in
            try Consents().lodgeAuthorised(
                NewConsent(
                    appID: copilot, organisationID: acme, payment: PaymentTerms(order: .recurring(terms), debtorAccount: nil), expiresAt: now + .hours(1)),
                by: amina, accounts: [Self.account(.full, currency)], grant: GrantID(trusted: "grt_1"), at: now, requestID: nil, in: tx)
        }
        note(consent.id, limit: limit)
        return consent.id
    }

    /// A consent that Amina approved: of any currency, for a part of what the account had at first, to an account of any kind or another bank's. Its
    /// amount is read as an app writes it.
    private func approved(_ chance: inout SeededGenerator, at now: Timestamp) async throws -> Asked {
        let currency = Currency.allCases[chance.below(Currency.allCases.count)]
        let (debtor, other): (Purse, Purse) = chance.chance(perMille: 500) ? (.full, .credit) : (.credit, .full)
        let foreign = Currency.allCases[chance.below(Currency.allCases.count)]
        let creditors = [
            "KPLC-882-001", "KPLC-882-001", "KPLC-882-001", Self.number(other, currency), Self.number(other, currency), Self.number(.empty, currency),
            Self.number(.full, foreign),
        ]
        let amount = Money(minorUnits: Int64(chance.within(1...Int(Self.opening * 2 / 3))), currency: currency)
        let instruction = try PaymentInstruction(
            amount: amount.decimal, currency: currency.rawValue, creditorName: "Halima", creditorAccount: chance.pick(creditors) ?? "",
            reference: "Bill \(chance.below(1000))")
        let term = Duration.seconds(chance.chance(perMille: 150) ? 1 : 3600)
        let consent = try await database.write { tx in
            try Consents().lodgeAuthorised(
                NewConsent(
                    appID: copilot, organisationID: acme, payment: PaymentTerms(order: .single(instruction, executionDate: nil), debtorAccount: nil),
                    expiresAt: now + term),
                by: amina, accounts: [Self.account(debtor, currency)], grant: GrantID(trusted: "grt_1"), at: now, requestID: nil, in: tx)
        }
        let asked = Asked(consent: consent.id, instruction: instruction, key: "key-\(consent.id)")
        note(asked)
        return asked
    }

    private func new(_ asked: Asked) -> NewPayment {
        NewPayment(
            appID: copilot, organisationID: acme, personID: amina, consentID: asked.consent, kind: asked.kind, instruction: asked.instruction,
            idempotencyKey: asked.key)
    }

    /// - Parameter completing: runs in the second transaction, behind all that it wrote.
    private func ask(
        _ asked: Asked, _ chance: inout SeededGenerator, at now: Timestamp,
        completing: @escaping @Sendable (any WriteTransaction) throws -> Void = { _ in }
    ) async throws {
        let outcome = chance.pick([.allow, .allow, .allow, .allow, nil] + RiskOutcome.allCases) ?? nil
        try await ask(asked, deciding: outcome, at: now, completing: completing)
    }

    private func ask(
        _ asked: Asked, deciding outcome: RiskOutcome?, at now: Timestamp,
        completing: @escaping @Sendable (any WriteTransaction) throws -> Void = { _ in }
    ) async throws {
        let process = PaymentProcess(database: database, randomness: randomness, deadline: .seconds(60), timer: ContinuousClock()) { payment, _ in
            guard let outcome else { throw Self.failing }
            return .giving(outcome, for: payment)
        }
        do {
            let answer = try await process.make(new(asked), at: now) { payment, tx in
                try completing(tx)
                return payment.id
            }
            switch answer {
            case .success(let id):
                count(asked.kind == .transfer ? "drawn" : "answered")
                note(id, under: asked.key)
            case .failure(let refusal): count("refused: \(refusal.name)")
            }
        } catch is Broken {
            count("failed in the second transaction")
        }
    }

    /// The same request twice, as a client sends it that has lost its patience.
    private func askTwiceAtOnce(_ asked: Asked, _ chance: inout SeededGenerator, at now: Timestamp) async throws {
        let outcome = chance.pick(RiskOutcome.allCases)
        async let first: Void = ask(asked, deciding: outcome, at: now)
        async let second: Void = ask(asked, deciding: outcome, at: now)
        _ = try await (first, second)
    }

    /// The first transaction alone: its process stops behind it, or it fails behind all that it wrote.
    private func receive(_ asked: Asked, at now: Timestamp, behind: @escaping @Sendable (Payment) throws -> Void) async throws {
        do {
            try await database.write { [new = new(asked), randomness] tx in try behind(try PaymentBooks(randomness: randomness).receive(new, at: now, in: tx)) }
            count("stopped before the decision")
        } catch let refusal as PaymentRefusal {
            count("refused: \(refusal.name)")
        } catch is Broken {
            count("failed in the first transaction")
        }
    }

    private func decideByStaff(_ releases: Bool, _ chance: inout SeededGenerator, at now: Timestamp) async throws {
        guard let payment = chance.pick(try await database.read { try PaymentRecords().waitingForStaff(isScenario: false, limit: 200, in: $0) }) else { return }
        let moved = try await database.write { [randomness] tx in
            let books = PaymentBooks(randomness: randomness)
            return releases
                ? try books.release(payment, at: now, in: tx) : try books.reject(payment, by: .bank, because: .rejectedByBank, at: now, in: tx)
        }
        if moved != nil { count(releases ? "released" : "rejected by staff") }
    }

    /// Of what is held or blocked, or also of the latest, whatever became of it: the table tells which can be taken back.
    private func cancel(_ chance: inout SeededGenerator, at now: Timestamp) async throws {
        let (waiting, latest) = try await database.read { tx in
            (try PaymentRecords().waitingForStaff(isScenario: false, limit: 200, in: tx), try PaymentRecords().list(ofApp: copilot, limit: 5, in: tx))
        }
        guard let payment = chance.pick(waiting.isEmpty || chance.below(2) == 0 ? waiting + latest : waiting) else { return }
        let moved = try await database.write { [randomness] tx in
            try PaymentBooks(randomness: randomness).cancel(payment, by: .customer, because: .cancelledByCustomer, at: now, in: tx)
        }
        if moved != nil { count("cancelled") }
    }

    // MARK: What else happens to money and consents

    private func reverse(_ chance: inout SeededGenerator, at now: Timestamp) async throws {
        let entries: [EntryID] = try await database.read { tx in
            try tx.all("SELECT id FROM journal_entry WHERE kind = \(EntryKind.transfer) ORDER BY id").map { try $0["id"] }
        }
        guard let entry = chance.pick(entries) else { return }
        let outcome = try await database.write { [randomness] in
            try Books().reverse(entry, because: "Sent by mistake", at: now, randomness: randomness, in: $0)
        }
        guard case .success = outcome else { return count("not reversed") }
        count("reversed")
        note(reversed: entry)
    }

    private func withdraw(_ chance: inout SeededGenerator, at now: Timestamp) async throws {
        // An earlier one, whatever has become of it, or a new one.
        let earlier = chance.chance(perMille: 500) ? chance.pick(told.asked) : nil
        let asked = if let earlier { earlier } else { try await approved(&chance, at: now) }
        let ended = try await database.write { tx in
            try Consents().revoke(
                asked.consent, by: .customer, audit: .person(amina), reason: ConsentReason.withdrawn, at: now, requestID: nil, in: tx)
        }
        if ended != nil { count("withdrawn") }
    }

    private func changeStatus(_ chance: inout SeededGenerator, at now: Timestamp) async throws {
        let currency = Currency.allCases[chance.below(Currency.allCases.count)]
        let (account, status): (AccountID, AccountStatus) =
            switch chance.below(8) {
            case 0, 1: (Self.account(.full, currency), .frozen)
            case 2, 3: (Self.account(.empty, currency), .closed)
            default: (Self.account(.full, currency), .open)
            }
        let isDone = try await database.write { try Accounts().setStatus(status, of: account, because: "it was asked for", at: now, in: $0) }
        if isDone { count("made \(status)") }
    }

    private func takeByCard(_ chance: inout SeededGenerator, at now: Timestamp) async throws {
        let currency = Currency.allCases[chance.below(Currency.allCases.count)]
        let hold = Hold(
            id: .random(from: randomness), account: Self.account(.full, currency),
            amount: Money(minorUnits: -Int64(chance.within(1...2_000)), currency: currency), madeAt: now, settlesAt: now + .seconds(60),
            narrative: Narrative("Card", category: .groceries, channel: .card))
        if case .success = try await database.write({ try Books().hold(hold, in: $0) }) { count("taken by card") }
    }
}

extension RiskInputs {
    /// Inputs on which the rules come to this decision.
    fileprivate static func giving(_ outcome: RiskOutcome, for payment: Payment) -> RiskInputs {
        let (payments, knows, hour) =
            switch outcome {
            case .allow: (0, true, 12)
            case .review: (12, false, 3)
            case .decline: (60, true, 12)
            case .block: (60, false, 12)
            }
        return RiskInputs(
            amount: payment.instruction.amount, available: .max, knowsCreditor: knows, largestBefore: .max, countBefore: 10, paymentsLastHour: payments,
            hour: hour)
    }
}

extension PaymentRefusal {
    /// Without what belongs to one payment.
    fileprivate var name: String {
        switch self {
        case .unknownConsent: "unknown consent"
        case .consentState(let status): "consent \(status)"
        case .differs: "differs"
        case .keyReused: "key reused"
        case .consentType, .notYetValid, .dayIsOver, .aboveMaximum, .aboveLimit, .notTheirAccount: "beyond the consent"
        case .paysItself: "pays itself"
        case .creditorAccountClosed: "creditor's account closed"
        case .creditorAccountCurrency: "creditor's account in another currency"
        case .insufficientFunds: "insufficient funds"
        case .debtorAccountBlocked: "debtor's account blocked"
        }
    }
}
