import Consents
import Events
import OpenBanking
import Primitives
import Storage
import Testing
import TestSupport

private let migrations = EventsMigrations.all + ConsentsMigrations.all
private let budgetApp = AppID(trusted: "app_budget")
private let amina = PersonID(trusted: "usr_amina")
private let everyday = AccountID(trusted: "acc_everyday")
private let savings = AccountID(trusted: "acc_savings")
private let grant = GrantID(trusted: "grt_1")

@Suite("Consents")
struct ConsentsTests {
    let consents = Consents(randomness: SeededRandom())
    let clock = ManualClock()

    private func lodge(app: AppID = budgetApp, for term: Duration = .days(90), in database: any Database) async throws -> Consent {
        let now = clock.now
        return try await database.write { [consents] tx in
            try consents.lodge(
                NewConsent(
                    appID: app, organisationID: OrganisationID(trusted: "org_acme"),
                    permissions: PermissionSet(trusted: [.readAccountsBasic, .readBalances]),
                    window: DataWindow(from: now - .days(30), to: nil)!,  // it begins before it ends
                    expiresAt: now + term),
                by: .app(app), at: now, requestID: RequestID(trusted: "req_lodge"), in: tx)
        }
    }

    private func authorise(_ consent: Consent, accounts: [AccountID] = [everyday], in database: any Database) async throws -> Consent? {
        let now = clock.now
        return try await database.write { [consents] in
            try consents.authorise(consent.id, by: amina, accounts: accounts, grant: grant, at: now, requestID: nil, in: $0)
        }
    }

    private func revoke(_ consent: Consent, by actor: ConsentActor, in database: any Database) async throws -> Consent? {
        let now = clock.now
        return try await database.write { [consents] in
            try consents.revoke(
                consent.id, by: actor, audit: actor == .customer ? .person(amina) : .app(budgetApp), reason: ConsentReason.withdrawn, at: now,
                requestID: nil, in: $0)
        }
    }

    @Test(arguments: Engine.available)
    func `a lodged consent waits, and reads back as it was lodged`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let lodged = try await lodge(in: database)

            let read = try await database.read { [consents] in try consents.find(lodged.id, in: $0) }

            #expect(fields(read) == fields(lodged))
            #expect(lodged.status(at: clock.now) == .awaitingAuthorisation)
            #expect(lodged.accounts.isEmpty && lodged.personID == nil)
            #expect(lodged.window.from == clock.now - .days(30) && lodged.window.to == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `the customer's approval keeps who, which accounts, which grant`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let lodged = try await lodge(in: database)

            let authorised = try #require(try await authorise(lodged, accounts: [savings, everyday], in: database))

            #expect(authorised.status(at: clock.now) == .authorised)
            #expect(authorised.personID == amina && authorised.grantID == grant)
            #expect(Set(authorised.accounts) == [everyday, savings])
            #expect(authorised.statusActor == .customer)
        }
    }

    @Test(arguments: Engine.available)
    func `history, audit and announcement come with every change`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let lodged = try await lodge(in: database)
            _ = try await authorise(lodged, in: database)
            clock.advance(by: .hours(1))
            _ = try await revoke(lodged, by: .customer, in: database)

            let (history, audit, announced) = try await database.read { [consents] tx in
                (
                    try consents.history(of: lodged.id, in: tx),
                    try AuditLog().list(.init(subject: lodged.id.rawValue), limit: 10, in: tx),
                    try tx.all("SELECT id FROM change_log WHERE topic = \(ChangeTopic.consent) AND key = \(lodged.id.rawValue)").count
                )
            }

            #expect(history.map(\.status) == [.awaitingAuthorisation, .authorised, .revoked])
            #expect(history.map(\.actor) == [.partner, .customer, .customer])
            #expect(history.map(\.at) == [clock.now - .hours(1), clock.now - .hours(1), clock.now])
            #expect(audit.map(\.action) == [.consentRevoked, .consentAuthorised, .consentLodged])
            #expect(audit.last?.requestID == RequestID(trusted: "req_lodge"))
            // Nobody can have heard of a new one.
            #expect(announced == 2)
        }
    }

    @Test(arguments: Engine.available)
    func `a consent that is approved as it is lodged has both lines of history`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let new = NewConsent(
                appID: budgetApp, organisationID: OrganisationID(trusted: "org_acme"), permissions: PermissionSet(trusted: [.readAccountsBasic]),
                expiresAt: clock.now + .days(90))
            let authorised = try await database.write { [consents, clock] tx in
                try consents.lodgeAuthorised(
                    new, by: amina, accounts: [savings, everyday, savings], grant: grant, at: clock.now, requestID: RequestID(trusted: "req_1"), in: tx)
            }

            let (found, history, audit) = try await database.read { [consents] tx in
                (
                    try consents.find(authorised.id, in: tx), try consents.history(of: authorised.id, in: tx),
                    try AuditLog().list(.init(subject: authorised.id.rawValue), limit: 10, in: tx)
                )
            }
            #expect(fields(found) == fields(authorised) && found?.status(at: clock.now) == .authorised && found?.personID == amina)
            #expect(found?.accounts == [everyday, savings])
            #expect(history.map(\.status) == [.awaitingAuthorisation, .authorised] && history.map(\.actor) == [.partner, .customer])
            #expect(audit.map(\.action) == [.consentAuthorised, .consentLodged] && audit.map(\.actor) == [.person(amina), .app(budgetApp)])
        }
    }

    @Test(arguments: Engine.available)
    func `fifty approvals of one consent, five rounds: one wins`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            for _ in 0..<5 {
                let lodged = try await lodge(in: database)

                let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for _ in 0..<50 { group.addTask { try await self.authorise(lodged, in: database) != nil } }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }

                #expect(winners == 1)
                let history = try await database.read { [consents] in try consents.history(of: lodged.id, in: $0) }
                #expect(history.map(\.status) == [.awaitingAuthorisation, .authorised])
            }
        }
    }

    @Test(arguments: Engine.available)
    func `approval and withdrawal at once end revoked, with both lines or one`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            for _ in 0..<5 {
                let lodged = try await lodge(in: database)

                async let approved = authorise(lodged, in: database)
                async let revoked = revoke(lodged, by: .partner, in: database)
                let outcome = try await (approved, revoked)

                let (end, history) = try await database.read { [consents] tx in
                    (try consents.find(lodged.id, in: tx), try consents.history(of: lodged.id, in: tx))
                }
                #expect(outcome.1 != nil)
                #expect(end?.storedStatus == .revoked)
                #expect(history.count == (outcome.0 == nil ? 2 : 3))
            }
        }
    }

    @Test(arguments: Engine.available)
    func `what has ended cannot be approved, rejected or revoked again`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let lodged = try await lodge(in: database)
            #expect(try await revoke(lodged, by: .partner, in: database) != nil)

            #expect(try await authorise(lodged, in: database) == nil)
            #expect(try await revoke(lodged, by: .customer, in: database) == nil)
            let now = clock.now
            let rejected = try await database.write { [consents] in try consents.reject(lodged.id, by: amina, at: now, requestID: nil, in: $0) }
            #expect(rejected == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `a consent ends by the clock before any job has run`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let lodged = try await lodge(for: .hours(2), in: database)
            let authorised = try #require(try await authorise(lodged, in: database))
            clock.advance(by: .hours(2))

            let standing = authorised.standing(at: clock.now)

            #expect(standing == ConsentStanding(status: .expired, actor: .system, reason: ConsentReason.termEnded, since: authorised.expiresAt))
            #expect(authorised.status(at: clock.now - .seconds(1)) == .authorised)
            #expect(try await revoke(authorised, by: .customer, in: database) == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `an unauthorised consent ends after a day, and cannot be approved then`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let lodged = try await lodge(in: database)
            clock.advance(by: .hours(24))

            #expect(lodged.standing(at: clock.now).reason == ConsentReason.neverAuthorised)
            #expect(lodged.status(at: clock.now - .seconds(1)) == .awaitingAuthorisation)
            #expect(try await authorise(lodged, in: database) == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `the sweep stamps what is due, once, with its reason`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let forgotten = try await lodge(in: database)
            let short = try await lodge(for: .hours(3), in: database)
            _ = try await authorise(short, in: database)
            let long = try await lodge(in: database)
            _ = try await authorise(long, in: database)
            clock.advance(by: .hours(25))
            let now = clock.now

            let stamped = try await database.write { [consents] in try consents.expireDue(at: now, in: $0) }
            let again = try await database.write { [consents] in try consents.expireDue(at: now, in: $0) }

            #expect(stamped == 2 && again == 0)
            let read = try await database.read { [consents] tx in try [forgotten, short, long].map { try consents.find($0.id, in: tx) } }
            #expect(read.map { $0?.storedStatus } == [.expired, .expired, .authorised])
            #expect(read.map { $0?.statusReason } == [ConsentReason.neverAuthorised, ConsentReason.termEnded, ConsentReason.approved])
            #expect(read[0]?.statusActor == .system)
        }
    }

    @Test(arguments: Engine.available)
    func `a consent that is approved while the sweep looks at it is not swept`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let lodged = try await lodge(in: database)
            let late = clock.now + .hours(24)
            let (approved, mayEnd) = (Gate(), Gate())
            defer { mayEnd.open() }
            let approval = Task { [consents] in
                try await database.write { tx in
                    let consent = try consents.authorise(
                        lodged.id, by: amina, accounts: [everyday], grant: grant, at: late - .seconds(1), requestID: nil, in: tx)
                    approved.open()
                    mayEnd.waitBlocking()
                    return consent != nil
                }
            }
            await approved.wait()

            let sweep = Task { [consents] in try await database.write { try consents.expireDue(at: late, in: $0) } }
            // On SQLite it comes when the approval has ended.
            if engine == .postgres { try await someoneWaits(in: database) }
            mayEnd.open()

            let isApproved = try await approval.value
            let swept = try await sweep.value
            let read = try await database.read { [consents] in try consents.find(lodged.id, in: $0) }
            #expect(isApproved && swept == 0)
            #expect(read?.storedStatus == .authorised && read?.statusReason == ConsentReason.approved)
        }
    }

    /// Returns when somebody waits for a lock.
    private func someoneWaits(in database: any Database) async throws {
        while try await database.read({
            try $0.all("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").isEmpty
        }) {
            await Task.yield()
        }
    }

    @Test(arguments: Engine.available)
    func `an app's list goes on page by page, newest first, and holds no other app's`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            var lodged: [ConsentID] = []
            for index in 0..<7 {
                // Some in the same second.
                if index % 2 == 0 { clock.advance(by: .seconds(1)) }
                lodged.append(try await lodge(in: database).id)
            }
            _ = try await lodge(app: AppID(trusted: "app_other"), in: database)

            var seen: [Consent] = []
            while true {
                let last = seen.last
                let page = try await database.read { [consents] in try consents.list(ofApp: budgetApp, before: last, limit: 3, in: $0) }
                if page.isEmpty { break }
                seen += page
            }

            #expect(seen.count == 7 && Set(seen.map(\.id)) == Set(lodged))
            #expect(seen.map(\.createdAt) == seen.map(\.createdAt).sorted(by: >))
        }
    }

    @Test(arguments: Engine.available)
    func `a customer finds all that is in force, however much has ended since`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let first = try await lodge(in: database)
            _ = try await authorise(first, in: database)
            for _ in 0..<3 {
                clock.advance(by: .seconds(1))
                let ended = try await lodge(in: database)
                _ = try await authorise(ended, in: database)
                _ = try await revoke(ended, by: .customer, in: database)
            }
            let second = try await lodge(in: database)
            _ = try await authorise(second, in: database)
            _ = try await lodge(in: database)

            let list = try await database.read { [consents] in try consents.inForce(of: amina, in: $0) }
            let others = try await database.read { [consents] in try consents.inForce(of: PersonID(trusted: "usr_brian"), in: $0) }

            #expect(list.map(\.id) == [second.id, first.id])
            #expect(list.first?.accounts == [everyday])
            #expect(others.isEmpty)
        }
    }

    @Test(arguments: Engine.available)
    func `what has ended goes on page by page, the last that ended first`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            var approved: [Consent] = []
            for _ in 0..<7 {
                let authorised = try await authorise(lodge(in: database), in: database)
                approved.append(try #require(authorised))
            }
            // The one that is the oldest ends last, and some end in the same second.
            for (index, consent) in approved.reversed().enumerated() {
                if index % 2 == 0 { clock.advance(by: .seconds(1)) }
                _ = try await revoke(consent, by: .customer, in: database)
            }
            _ = try await authorise(lodge(in: database), in: database)

            var seen: [Consent] = []
            while true {
                let last = seen.last
                let page = try await database.read { [consents] in try consents.ended(of: amina, before: last, limit: 3, in: $0) }
                if page.isEmpty { break }
                seen += page
            }

            #expect(seen.count == 7 && Set(seen.map(\.id)) == Set(approved.map(\.id)))
            #expect(seen.first?.id == approved.first?.id)
            #expect(seen.map(\.statusChangedAt) == seen.map(\.statusChangedAt).sorted(by: >))
        }
    }

    @Test(arguments: Engine.available)
    func `a remembered consent is dropped when it changes`(engine: Engine) async throws {
        try await withDatabase(engine, migrations: migrations) { database in
            let feed = ChangeFeed(database: database, logger: .quiet)
            let directory = ConsentDirectory(database: database, feed: feed)
            try await feed.poll()
            let lodged = try await lodge(in: database)
            #expect(try await directory.find(lodged.id)?.storedStatus == .awaitingAuthorisation)

            _ = try await revoke(lodged, by: .partner, in: database)
            try await feed.poll()

            #expect(try await directory.find(lodged.id)?.storedStatus == .revoked)
            #expect(try await directory.find(ConsentID(trusted: "cns_unknown")) == nil)
        }
    }
}
