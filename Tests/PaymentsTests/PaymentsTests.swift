import Bank
import Consents
import Events
import OpenBanking
import Payments
import Primitives
import Risk
import Storage
import Testing
import TestSupport

@Suite("Payments, on both engines")
struct PaymentsTests {
    @Test(arguments: Engine.available) func `a payment to another bank is accepted, and settled a little later`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved()

            let payment = try await database.make(under: consent).get()

            #expect(payment.status == .accepted)
            #expect(try await database.consentStatus(consent) == .consumed)
            #expect(try await database.balance().booked == kes(1_000))
            #expect(try await database.balance().available == kes(900))

            try await database.settleDue(at: noon + .seconds(4))
            #expect(try await database.timeline(payment) == [.received, .accepted])

            try await database.settleDue(at: noon + PaymentBooks.settlement)
            try await database.settleDue(at: noon + .hours(1))
            #expect(try await database.timeline(payment) == [.received, .accepted, .settled])
            #expect(try await database.balance().booked == kes(900))
            #expect(try await database.balance().available == kes(900))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `a payment inside the bank is settled at once`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let instruction = bill(kes(250), to: "0100-200301")
            let payment = try await database.make(instruction, under: try await database.approved(instruction)).get()

            #expect(payment.status == .settled)
            #expect(try await database.balance().booked == kes(750))
            #expect(try await database.balance(of: .savings).booked == kes(250))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `inside the bank each statement names the other side, with everybody who holds its account`(engine: Engine)
        async throws
    {
        try await withBank(engine) { database in
            try await database.write { tx in
                try tx.execute(
                    "INSERT INTO account_holder (account_id, rank, person_id, name) VALUES (\(AccountID.everyday), 1, NULL, 'Brian Otieno')")
            }
            let instruction = bill(kes(250), to: "0100-200301")
            _ = try await database.make(instruction, under: try await database.approved(instruction)).get()

            let (paid, received) = try await database.read { tx in
                (
                    try Transactions().list(account: .everyday, limit: 1, in: tx).transactions.first,
                    try Transactions().list(account: .savings, limit: 1, in: tx).transactions.first
                )
            }

            #expect(paid?.direction == .debit && paid?.counterparty == Counterparty(name: "Kenya Power", account: "0100-200301"))
            #expect(received?.direction == .credit && received?.counterparty == Counterparty(name: "Amina Hassan and Brian Otieno", account: "0100-200300"))
            #expect(received?.description == "Bill 77")
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `PY-09 whatever differs from the approval is refused by name, and nothing moves`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved()

            let refusal = try await database.make(bill(kes(101), reference: "Bill 78"), under: consent)

            #expect(
                refusal
                    == .failure(
                        .differs([
                            .init(member: .amount, approved: "100.00", sent: "101.00"), .init(member: .reference, approved: "Bill 77", sent: "Bill 78"),
                        ])))
            #expect(try await database.consentStatus(consent) == .authorised)
            #expect(try await database.balance().available == kes(1_000))
        }
    }

    @Test(arguments: Engine.available) func `PY-14 a consent that is not authorised pays nothing`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let used = try await database.approved()
            _ = try await database.make(under: used).get()
            #expect(try await database.make(under: used, key: "another") == .failure(.consentState(.consumed)))

            let expired = try await database.approved(expiresAt: noon + .hours(1))
            #expect(try await database.make(under: expired, at: noon + .hours(1)) == .failure(.consentState(.expired)))

            let revoked = try await database.approved()
            _ = try await database.write { tx in
                try Consents().revoke(revoked, by: .customer, audit: .person(amina), reason: ConsentReason.withdrawn, at: noon, requestID: nil, in: tx)
            }
            #expect(try await database.make(under: revoked) == .failure(.consentState(.revoked)))

            let unapproved = try await database.write { tx in
                try Consents().lodge(
                    NewConsent(
                        appID: copilot, organisationID: acme, payment: PaymentTerms(order: .single(bill(), executionDate: nil), debtorAccount: nil),
                        expiresAt: noon + .days(1)),
                    by: .app(copilot), at: noon, requestID: nil, in: tx)
            }
            #expect(try await database.make(under: unapproved.id) == .failure(.unknownConsent))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `PY-10 another app's consent looks like none`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved()

            #expect(try await database.make(under: consent, by: AppID(trusted: "app_other")) == .failure(.unknownConsent))
            #expect(try await database.consentStatus(consent) == .authorised)
        }
    }

    @Test(arguments: Engine.available) func `a payment beyond the balance is refused, and its consent stays`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let instruction = bill(kes(1_001))
            let consent = try await database.approved(instruction)

            #expect(try await database.make(instruction, under: consent) == .failure(.insufficientFunds(available: kes(1_000))))

            #expect(try await database.consentStatus(consent) == .authorised)
            #expect(try await database.balance().available == kes(1_000))
        }
    }

    @Test(arguments: Engine.available) func `an account cannot pay itself, nor one that is closed`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let own = bill(to: "0100-200300")
            #expect(try await database.make(own, under: try await database.approved(own)) == .failure(.paysItself))

            _ = try await database.write { try Accounts().setStatus(.closed, of: .savings, because: "it was closed", at: noon, in: $0) }
            let closed = bill(to: "0100-200301")
            #expect(try await database.make(closed, under: try await database.approved(closed)) == .failure(.creditorAccountClosed))
        }
    }

    @Test(arguments: Engine.available) func `an account of this bank in another currency cannot be paid, and the consent stays`(engine: Engine) async throws {
        try await withBank(engine) { database in
            try await database.openDollars()
            let instruction = bill(to: dollars)
            let consent = try await database.approved(instruction)

            #expect(try await database.make(instruction, under: consent) == .failure(.creditorAccountCurrency))
            #expect(try await database.consentStatus(consent) == .authorised)
            #expect(try await database.balance().available == kes(1_000))
        }
    }

    @Test(arguments: Engine.available) func `a frozen account pays nothing`(engine: Engine) async throws {
        try await withBank(engine) { database in
            let consent = try await database.approved()
            _ = try await database.write { try Accounts().setStatus(.frozen, of: .everyday, because: "it is frozen", at: noon, in: $0) }

            #expect(try await database.make(under: consent) == .failure(.debtorAccountBlocked(.frozen)))
        }
    }

    @Test(arguments: Engine.available) func `20 payments at once on one consent: one`(engine: Engine) async throws {
        try await withBank(engine) { database in
            for round in 0..<5 {
                let instruction = bill(kes(10), reference: "Round \(round)")
                let consent = try await database.approved(instruction)

                let wins = try await count(20) { try await database.make(instruction, under: consent, key: "key-\($0)") }

                #expect(wins == 1)
            }
            #expect(try await database.balance().available == kes(950))
            try await database.expectSoundBooks()
        }
    }

    @Test(arguments: Engine.available) func `PY-07 as many payments at once as the balance allows`(engine: Engine) async throws {
        try await withBank(engine) { database in
            var consents: [ConsentID] = []
            for _ in 0..<40 { consents.append(try await database.approved(bill(kes(100)))) }

            let all = consents
            let wins = try await count(40) { try await database.make(bill(kes(100)), under: all[$0], key: "key-\($0)") }

            #expect(wins == 10)
            #expect(try await database.balance().available == kes(0))
            // What the risk decision held waits; the rest is settled.
            try await database.settleDue(at: noon + .minutes(1))
            try await database.expectSoundBooks()
        }
    }

    private func count(
        _ attempts: Int, _ attempt: @escaping @Sendable (Int) async throws -> Result<Payment, PaymentRefusal>
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<attempts {
                group.addTask {
                    if case .success = try await attempt(number) { true } else { false }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }
}
