import AccessTokens
import Applications
import Bank
import Composition
import Consents
import HTTPTypes
import HummingbirdTesting
import OAuth
import OpenBanking
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Payments at once, over HTTP")
struct PaymentRaceTests {
    @Test(arguments: Engine.available) func `PY-05 a thousand requests with one key: one payment, and every answer tells of it or to come back`(engine: Engine)
        async throws
    {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp(.unlimited)
            let purse = try await server.purse(holding: 1_250_00)
            let approved = try await server.approved(1, from: purse, for: app)

            let answers = try await atOnce(1_000, at: server) { _ in try await server.pay(under: approved[0].consent, token: approved[0].token, key: "once") }

            let statuses = Dictionary(grouping: answers, by: \.status.code).mapValues(\.count)
            print("1,000 requests with one key, \(engine): \(statuses)")
            #expect(Set(statuses.keys).isSubset(of: [201, 409]))
            #expect(Set(answers.filter { $0.status == .created }.map { $0.json["id"] as? String ?? "" }).count == 1)
            for answer in answers.filter({ $0.status == .conflict }).prefix(5) {
                answer.isRefused(.conflict, .idempotencyInFlight, by: "createPayment")
                #expect(answer.headers[.retryAfter] == "1")
            }
            #expect(try await server.payments(under: approved).count == 1)
            #expect(try await server.available(on: purse) == 0)
            server.clock.advance(by: .seconds(1))
            let last = try await server.pay(under: approved[0].consent, token: approved[0].token, key: "once")
            #expect(last.status == .created && last.headers[.idempotencyReplayed] == "true")
        }
    }

    @Test(arguments: Engine.available) func `PY-07 a thousand payments where there is enough for ten: ten, and the consents of the others stand`(
        engine: Engine
    ) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp(.unlimited)
            let purse = try await server.purse(holding: 10 * 1_250_00 + 1_249_99)
            let approved = try await server.approved(1_000, from: purse, for: app)

            let answers = try await atOnce(1_000, at: server) { try await server.pay(under: approved[$0].consent, token: approved[$0].token, key: "key-\($0)") }

            let made = zip(approved, answers).filter { $0.1.status == .created }.map { ConsentID(trusted: $0.0.consent) }
            let refused = answers.filter { $0.status != .created }
            print("1,000 payments where there is enough for ten, \(engine): \(made.count) made")
            #expect(made.count == 10)
            #expect(Set(refused.map { "\($0.status.code) \($0.errorCode ?? "")" }) == ["422 insufficient_funds"])
            #expect(Set(try await server.payments(under: approved).map(\.consent)) == Set(made))
            #expect(Set(try await server.consents(of: app, at: .consumed)) == Set(made))
            #expect(try await server.consents(of: app, at: .authorised).count == 990)
            #expect(try await server.available(on: purse) == 1_249_99)
        }
    }

    @Test(arguments: Engine.available) func `PY-06 twenty keys on one consent: one payment, five times`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp(.unlimited)
            let purse = try await server.purse(holding: 5 * 1_250_00)
            let approved = try await server.approved(5, from: purse, for: app)
            for (round, one) in approved.enumerated() {
                let answers = try await atOnce(20, at: server) { try await server.pay(under: one.consent, token: one.token, key: "key-\(round)-\($0)") }

                #expect(answers.count { $0.status == .created } == 1)
                let refusals = answers.filter { $0.status != .created }
                #expect(Set(refusals.map { "\($0.status.code) \($0.errorCode ?? "")" }) == ["403 consent_consumed"])
            }
            #expect(try await server.payments(under: approved).count == 5)
            #expect(try await server.available(on: purse) == 0)
        }
    }

    /// Everybody asks at the same moment. Who is told that the server is not available comes back, as a client does: a thousand at once may be more than a
    /// busy machine serves in time.
    private func atOnce(
        _ count: Int, at server: TestServer, _ ask: @escaping @Sendable (Int) async throws -> TestResponse
    ) async throws -> [TestResponse] {
        var answers = try await answers(Array(0..<count), ask)
        var late = answers.filter { $0.value.status == .serviceUnavailable }.map(\.key)
        for _ in 0..<4 where !late.isEmpty {
            // Longer than a key belongs to a request that has not ended.
            server.clock.advance(by: .seconds(61))
            answers.merge(try await self.answers(late, ask)) { $1 }
            late = late.filter { [.serviceUnavailable, .conflict].contains(answers[$0]?.status) }
        }
        return answers.sorted { $0.key < $1.key }.map(\.value)
    }

    private func answers(_ numbers: [Int], _ ask: @escaping @Sendable (Int) async throws -> TestResponse) async throws -> [Int: TestResponse] {
        try await withThrowingTaskGroup(of: (Int, TestResponse).self) { group in
            for number in numbers { group.addTask { (number, try await ask(number)) } }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }
}

/// A customer's account, and whose it is.
struct Purse: Sendable {
    let account: AccountID
    let person: PersonID
}

extension TestServer {
    /// An account of the demo world with so many cents on it.
    func purse(holding amount: Int64) async throws -> Purse {
        let (now, chance) = (clock.now, SystemRandom())
        let purse = Purse(account: .random(from: chance), person: .random(from: chance))
        let world = DemoWorld.organisation
        let opening = try JournalEntry(
            id: .random(from: chance), world: world, kind: .opening, bookedAt: now,
            postings: [(purse.account, amount), (InternalAccount.clearing.id(.kes, in: world), -amount)].map { account, amount in
                Posting(
                    id: .random(from: chance), account: account, amount: Money(minorUnits: amount, currency: .kes),
                    narrative: Narrative("Opening", category: .other, channel: .bank))
            })
        try await database.write { tx in
            _ = try Accounts().open(
                NewAccount(
                    id: purse.account, world: world, holders: [AccountHolder(person: purse.person, name: "Halima Hassan")], name: "An account",
                    product: "Wekeza Everyday", kind: .current, currency: .kes, number: String(purse.account.rawValue.suffix(12)), openedAt: now), in: tx)
            _ = try Books().post(opening, in: tx).get()
        }
        return purse
    }

    func available(on purse: Purse) async throws -> Int64? {
        let now = clock.now
        return try await database.read { try Accounts().balance(of: purse.account, at: now, in: $0)?.available.minorUnits }
    }

    /// As many consents for one bill each, with the tokens that the customer approved: written as the pages and the token endpoint write them.
    func approved(_ count: Int, _ bill: Bill = Bill(), from purse: Purse, for app: TestApp) async throws -> [(consent: String, token: String)] {
        let (now, app) = (clock.now, app.app)
        let instruction = try PaymentInstruction(
            amount: bill.amount, currency: bill.currency, creditorName: bill.name, creditorAccount: bill.account, reference: bill.reference)
        let scope = ScopeSet([.paymentsWrite])
        let grants = try await database.write { tx in
            try (0..<count).map { _ in
                let id = Grants().newID(at: now)
                let consent = try Consents().lodgeAuthorised(
                    NewConsent(
                        appID: app.id, organisationID: app.organisationID,
                        payment: PaymentTerms(order: .single(instruction, executionDate: nil), debtorAccount: nil),
                        expiresAt: now + .hours(1)),
                    by: purse.person, accounts: [purse.account], grant: id, at: now, requestID: nil, in: tx)
                let new = NewGrant(
                    appID: app.id, clientID: app.clientID, personID: purse.person, consentID: consent.id, scope: scope, authenticatedAt: now,
                    expiresAt: now + .hours(1))
                return try Grants().create(new, id: id, at: now, requestID: nil, in: tx)
            }
        }
        let issuer = AccessTokenIssuer(keys: platform.keys, issuer: issuer.text, randomness: SystemRandom())
        return try grants.map { grant in
            let request = AccessTokenIssuer.Request(
                subject: purse.person.rawValue, clientID: app.clientID, appID: app.id, organisationID: app.organisationID, scope: scope,
                environment: app.environment.rawValue, grant: grant)
            return (grant.consentID?.rawValue ?? "", try issuer.issue(request, at: now).token.value)
        }
    }

    /// The payments that were made under these consents.
    func payments(under approved: [(consent: String, token: String)]) async throws -> [(id: PaymentID, consent: ConsentID)] {
        let consents = approved.map { ConsentID(trusted: $0.consent) }
        return try await database.read { tx in
            try tx.all("SELECT id, consent_id FROM payment WHERE consent_id IN \(list: consents)").map { (try $0["id"], try $0["consent_id"]) }
        }
    }

    func consents(of app: TestApp, at status: ConsentStatus) async throws -> [ConsentID] {
        let id = app.app.id
        return try await database.read { try $0.all("SELECT id FROM consent WHERE app_id = \(id) AND status = \(status)").map { try $0["id"] } }
    }
}
