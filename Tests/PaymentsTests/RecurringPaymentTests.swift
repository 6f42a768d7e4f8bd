import Bank
import Consents
import OpenBanking
import Payments
import Primitives
import Storage
import TestSupport
import Testing

private func terms(
    to creditor: Creditor? = nil, maximum: Int64 = 200, limits: [PeriodicLimit] = [limit(.month, 300)], validFrom: Timestamp? = nil
) -> PaymentOrder {
    .recurring(RecurringTerms(stored: creditor, maximum: kes(maximum), limits: limits, validFrom: validFrom))
}

private func limit(_ period: LimitPeriod, _ shillings: Int64) -> PeriodicLimit {
    PeriodicLimit(period: period, alignment: .consent, amount: kes(shillings))
}

private func draw(_ shillings: Int64, to account: String = "0100-200301") -> PaymentInstruction { bill(kes(shillings), to: account) }

@Suite("Recurring payments, on both engines")
struct RecurringPaymentTests {
    @Test(arguments: Engine.available) func `draws go on within the limit, and start again with its next period`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved(terms(), expiresAt: noon + .days(90))

            let first = try await database.make(draw(200), under: consent, as: .transfer, key: "1").get()
            #expect(first.status == .settled && first.kind == .transfer)
            _ = try await database.make(draw(100), under: consent, as: .transfer, key: "2").get()

            let refusal = try await database.make(draw(1), under: consent, as: .transfer, key: "3", at: noon + .days(20))
            let until = BankCalendar.start(of: BankCalendar.day(of: noon).adding(months: 1))
            #expect(refusal == .failure(.aboveLimit(limit(.month, 300), left: kes(0), until: until)))
            #expect(try await database.consentStatus(consent, at: noon + .days(20)) == .authorised)

            _ = try await database.make(draw(200), under: consent, as: .transfer, key: "4", at: until).get()
            #expect(try await database.balance(of: .savings).booked == kes(500))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `each limit counts, and the refusal names the one that is reached`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved(terms(limits: [limit(.day, 150), limit(.week, 250)]), expiresAt: noon + .days(30))
            _ = try await database.make(draw(150), under: consent, as: .transfer, key: "1").get()

            guard case .failure(.aboveLimit(let daily, kes(0), _)) = try await database.make(draw(1), under: consent, as: .transfer, key: "2") else {
                Issue.record("the day's limit was passed")
                return
            }
            #expect(daily.period == .day)

            _ = try await database.make(draw(100), under: consent, as: .transfer, key: "3", at: noon + .days(1)).get()
            guard
                case .failure(.aboveLimit(let weekly, kes(0), _)) = try await database.make(
                    draw(1), under: consent, as: .transfer, key: "4", at: noon + .days(2))
            else {
                Issue.record("the week's limit was passed")
                return
            }
            #expect(weekly.period == .week)
        }
    }

    @Test(arguments: Engine.available) func `what is above the maximum, too early, in another currency or another's account is refused`(engine: Engine)
        async throws
    {
        try await withBank(engine) { database in
            let consent = try await database.approved(terms(validFrom: noon + .hours(1)), expiresAt: noon + .days(30))
            func make(_ instruction: PaymentInstruction, at now: Timestamp = noon + .hours(2)) async throws -> PaymentRefusal? {
                if case .failure(let refusal) = try await database.make(instruction, under: consent, as: .transfer, at: now) { refusal } else { nil }
            }

            #expect(try await make(draw(201)) == .aboveMaximum(kes(200)))
            #expect(try await make(draw(100), at: noon) == .notYetValid(from: noon + .hours(1)))
            #expect(try await make(draw(100, to: "KPLC-882-001")) == .notTheirAccount)
            #expect(try await make(draw(100, to: "0100-200300")) == .paysItself)
            #expect(
                try await make(bill(Money(minorUnits: 100, currency: .usd), to: "0100-200301"))
                    == .differs([.init(member: .currency, approved: "KES", sent: "USD")]))
            #expect(try await database.balance().available == kes(1_000))
        }
    }

    @Test(arguments: Engine.available) func `nothing is swept to an own account in another currency, and of another's nothing is told`(engine: Engine)
        async throws
    {
        try await withBank(engine) { database in
            try await database.openDollars()
            let consent = try await database.approved(terms(), expiresAt: noon + .days(30))
            #expect(try await database.make(draw(100, to: dollars), under: consent, as: .transfer) == .failure(.creditorAccountCurrency))

            try await database.write { tx in
                _ = try Accounts().open(
                    NewAccount(
                        id: AccountID(trusted: "acc_brian"), world: nairobi, holders: [AccountHolder(person: PersonID(trusted: "usr_brian"), name: "Brian")],
                        name: "Dollar account", product: "Wekeza Foreign Currency", kind: .current, currency: .usd, number: "0100-200399",
                        openedAt: noon - .days(400)), in: tx)
                _ = try Accounts().setStatus(.closed, of: AccountID(trusted: "acc_brian"), because: "it was closed", at: noon, in: tx)
            }
            #expect(try await database.make(draw(100, to: "0100-200399"), under: consent, as: .transfer) == .failure(.notTheirAccount))
            #expect(try await database.balance().available == kes(1_000))
        }
    }

    @Test(arguments: Engine.available) func `a creditor that the customer approved is the only one`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let power = Creditor(name: "Kenya Power", account: "KPLC-882-001")
            let consent = try await database.approved(terms(to: power), expiresAt: noon + .days(30))

            #expect(
                try await database.make(draw(100), under: consent, as: .transfer)
                    == .failure(.differs([.init(member: .creditorAccount, approved: "KPLC-882-001", sent: "0100-200301")])))
            let paid = try await database.make(draw(100, to: "KPLC-882-001"), under: consent, as: .transfer).get()
            #expect(paid.status == .accepted)
        }
    }

    @Test(arguments: Engine.available) func `a rejected draw counts no more`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let power = Creditor(name: "Kenya Power", account: "KPLC-882-001")
            let consent = try await database.approved(terms(to: power), expiresAt: noon + .days(30))
            let held = try await database.write { tx in
                try PaymentBooks().receive(
                    NewPayment(
                        appID: copilot, organisationID: acme, personID: amina, consentID: consent, kind: .transfer,
                        instruction: draw(200, to: power.account)), at: noon, in: tx)
            }
            guard case .failure(.aboveLimit) = try await database.make(draw(200, to: power.account), under: consent, as: .transfer) else {
                Issue.record("the limit was passed")
                return
            }
            _ = try await database.write { try PaymentBooks().reject(held, by: .system, because: .declinedByRisk, at: noon, in: $0) }

            _ = try await database.make(draw(200, to: power.account), under: consent, as: .transfer).get()
        }
    }

    @Test(arguments: Engine.available) func `twenty draws at once never pass the limit`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved(terms(maximum: 100, limits: [limit(.day, 300)]), expiresAt: noon + .days(30))
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<20 {
                    group.addTask {
                        switch try await database.make(draw(100), under: consent, as: .transfer, key: "key-\(index)") {
                        case .success: true
                        case .failure(.aboveLimit): false
                        case .failure(let refusal): throw refusal
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(made == 3)
            // A decision that comes too late beside the others leaves its payment held: paid or set aside, it is gone.
            #expect(try await database.balance().available == kes(700))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available)
    func `the same request again finds its transfer for a day, also by a clock two hours ahead, and then makes another`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved(terms(), expiresAt: noon + .days(30))
            let first = try await database.make(draw(100), under: consent, as: .transfer).get()
            for hours in [1, 26] as [Int64] {
                let again = try await database.make(draw(100), under: consent, as: .transfer, at: noon + .hours(hours)).get()
                #expect(again.id == first.id)
            }

            let later = try await database.make(draw(100), under: consent, as: .transfer, at: noon + .hours(30)).get()
            #expect(later.id != first.id)
            #expect(try await database.balance(of: .savings).booked == kes(200))
        }
    }

    @Test(arguments: Engine.available) func `each operation takes its own type of consent`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let recurring = try await database.approved(terms(), expiresAt: noon + .days(30))
            #expect(try await database.make(draw(100), under: recurring, as: .payment) == .failure(.consentType(.recurringPayment)))
            let single = try await database.approved()
            #expect(try await database.make(under: single, as: .transfer) == .failure(.consentType(.payment)))
        }
    }
}
