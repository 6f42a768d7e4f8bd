import AccessTokens
import Applications
import Composition
import Consents
import Events
import Foundation
import Gateway
import HTTPTypes
import Identity
import JOSE
import Logging
import OAuth
import OpenBanking
import Passwords
import Primitives
import Storage
import TestSupport
import Testing
import Web

/// What a restored database may not bring back to life, each thing by itself; `Tests/Clients/test_backup.py` walks the whole way with real processes.
@Suite("After a restore")
struct RestoreTests {
    private let now = Timestamp(seconds: 1_795_240_800)
    private let owner = PersonID(trusted: "usr_owner")
    private let amina = PersonID(trusted: "usr_amina")
    private let organisation = OrganisationID(trusted: "org_one")
    private let sessions: @Sendable (any Database) -> Sessions = { Sessions(database: $0, randomness: SystemRandom()) }

    /// A database with an organisation, its owner, a customer and an app; then what the test adds; then a restore in place; then what the test looks at.
    private func restored<Made: Sendable>(
        _ engine: Engine, _ options: Restore.Options = .init(), times: Int = 1, _ arrange: (any Database, App) async throws -> Made,
        _ look: (any Database, App, Made) async throws -> Void
    ) async throws {
        try await atPlace(engine) { place in
            let database = try await place.open()
            let app = try await populate(database)
            let made = try await arrange(database, app)
            await database.close()
            for _ in 0..<times { _ = try await restore(place).runInPlace(options) }
            let again = try await place.open()
            try await look(again, app, made)
            await again.close()
        }
    }

    private func restore(_ place: TestPlace) -> Restore {
        var configuration = Configuration(issuer: TestServer.issuer)
        configuration.database = place.engine == .sqlite ? .sqlite(path: place.address) : .postgres(url: place.address)
        return Restore(
            configuration, master: .test, passwords: PasswordHasher(settings: .test, concurrency: 1, queueLimit: 10), clock: ManualClock(now + .minutes(1)),
            logger: .quiet)
    }

    private func populate(_ database: any Database) async throws -> App {
        let feed = ChangeFeed(database: database, logger: .quiet)
        _ = try await SigningKeys.load(database: database, rootKey: .test, feed: feed, at: now)
        return try await database.write { [now, owner, amina, organisation] tx in
            for (id, population, name) in [(owner, Population.developer, "owner@example.com"), (amina, .customer, "amina.traveler")] {
                let world = population == .customer ? organisation : nil
                _ = try People().create(
                    NewPerson(id: id, population: population, world: world, signInName: name, name: name, email: name, passwordHash: "hash"), at: now, in: tx)
            }
            _ = try Organisations().create(id: organisation, name: "One", owner: owner, by: .system, at: now, requestID: nil, in: tx)
            let new = NewApp(organisationID: organisation, name: "One", purpose: nil, kind: .backend)
            return try Applications.Apps().create(new, by: .system, at: now, requestID: nil, in: tx).get().app
        }
    }

    private func lodge(for app: App, in tx: any WriteTransaction) throws -> ConsentID {
        let new = NewConsent(
            appID: app.id, organisationID: organisation, permissions: PermissionSet.defaults(forScopes: ["accounts.read"])!,  // a known scope
            expiresAt: now + .days(30))
        return try Consents().lodge(new, by: .app(app.id), at: now, requestID: nil, in: tx).id
    }

    private func approve(_ id: ConsentID, by person: PersonID, _ account: String, in tx: any WriteTransaction) throws -> Consent? {
        let grant = GrantID.random(from: SystemRandom())
        return try Consents().authorise(
            id, by: person, accounts: [AccountID(trusted: account)], grant: grant, at: now + .minutes(2), requestID: nil, in: tx)
    }

    @Test(arguments: Engine.available)
    func `a payment that was approved ends: it may have been made meanwhile`(engine: Engine) async throws {
        try await restored(engine) { database, app in
            try await database.write { tx in
                let bill = PaymentInstruction(
                    stored: Money(minorUnits: 100_00, currency: .kes), creditor: Creditor(name: "Kenya Power", account: "KPLC-882-001"), reference: "Bill")
                let lodged = try Consents().lodge(
                    NewConsent(
                        appID: app.id, organisationID: organisation, payment: PaymentTerms(order: .single(bill, executionDate: nil), debtorAccount: nil),
                        expiresAt: now + .days(30)),
                    by: .app(app.id), at: now, requestID: nil, in: tx)
                _ = try approve(lodged.id, by: amina, "acc_one", in: tx)
                return lodged.id
            }
        } _: { database, _, id in
            let ended = try await database.read { try Consents().find(id, in: $0) }
            #expect(
                ended?.standing(at: now + .minutes(2))
                    == ConsentStanding(status: .revoked, actor: .bank, reason: ConsentReason.restored, since: now + .minutes(1)))
        }
    }

    @Test(arguments: Engine.available)
    func `a payment to come is cancelled`(engine: Engine) async throws {
        try await restored(engine) { database, app in
            try await database.write { tx in
                try tx.execute(
                    """
                    INSERT INTO payment (id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name,
                                         creditor_account, reference, execution_date, hold_id, status, reason, created_at, changed_at, settles_at)
                    VALUES ('pmt_one', 'payment', \(app.id), \(organisation), 'cns_one', \(amina), \(organisation), 'acc_one', 10000, 'KES',
                            'Kenya Power', 'KPLC-882-001', 'Bill', '2027-01-01', 'txn_one', \(PaymentStatus.scheduled), \(PaymentReason.scheduled),
                            \(now), \(now), \(now + .days(9)))
                    """)
            }
        } _: { database, _, _ in
            let reason: String? = try await database.readOne { tx in
                try tx.first("SELECT reason FROM payment WHERE id = 'pmt_one' AND status = \(PaymentStatus.cancelled)")?["reason"]
            }
            #expect(reason == PaymentReason.restored.rawValue)
        }
    }

    @Test(arguments: Engine.available)
    func `consents in force are paused by the bank until their customer confirms them`(engine: Engine) async throws {
        try await restored(engine) { database, app in
            try await database.write { tx in
                let id = try lodge(for: app, in: tx)
                _ = try approve(id, by: amina, "acc_one", in: tx)
                return id
            }
        } _: { database, _, id in
            let paused = try await database.read { try Consents().find(id, in: $0) }
            #expect(
                paused?.standing(at: now + .minutes(2))
                    == ConsentStanding(status: .suspended, actor: .bank, reason: ConsentReason.restored, since: now + .minutes(1)))

            let stranger = try await database.write { try approve(id, by: owner, "acc_two", in: $0) }
            let confirmed = try await database.write { try approve(id, by: amina, "acc_two", in: $0) }

            #expect(stranger == nil)
            #expect(confirmed?.storedStatus == .authorised && confirmed?.accounts == [AccountID(trusted: "acc_two")])
            let audited = try await database.read { try AuditLog().list(.init(subject: id.rawValue), limit: 1, in: $0).first?.action }
            #expect(audited == .consentConfirmed)
        }
    }

    @Test(arguments: Engine.available)
    func `a paused consent that its customer declines has ended`(engine: Engine) async throws {
        try await restored(engine) { database, app in
            try await database.write { tx in
                let id = try lodge(for: app, in: tx)
                _ = try approve(id, by: amina, "acc_one", in: tx)
                return id
            }
        } _: { database, _, id in
            let declined = try await database.write { try Consents().reject(id, by: amina, at: now + .minutes(2), requestID: nil, in: $0) }
            let confirmed = try await database.write { try approve(id, by: amina, "acc_one", in: $0) }

            #expect(declined?.storedStatus == .revoked)
            #expect(confirmed == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `a consent that waited has ended, since its customer may have declined it`(engine: Engine) async throws {
        try await restored(engine) { database, app in
            try await database.write { try lodge(for: app, in: $0) }
        } _: { database, _, id in
            let approved = try await database.write { try approve(id, by: amina, "acc_one", in: $0) }

            #expect(approved == nil)
            #expect(try await database.read { try Consents().find(id, in: $0) }?.storedStatus == .revoked)
        }
    }

    @Test(arguments: Engine.available)
    func `grants, sessions, links and invitations have ended`(engine: Engine) async throws {
        try await restored(engine) { database, app in
            let token = try await database.write { tx -> (GrantID, Secret, Secret, Secret) in
                let new = NewGrant(
                    appID: app.id, clientID: app.clientID, personID: amina, consentID: nil, scope: [.openid], authenticatedAt: now, expiresAt: now + .days(1))
                let grant = try Grants().create(new, at: now, requestID: nil, in: tx)
                guard let person = try People().find(owner, in: tx) else { throw StorageError.unexpectedValue(column: "id") }
                let (_, session) = try sessions(database).start(for: person, requestID: nil, at: now, in: tx)
                let link = try OneTimeLinks(randomness: SystemRandom()).issue(.resetPassword, for: owner, at: now, in: tx)
                let invitation = try Invitations(randomness: SystemRandom()).invite(
                    email: "friend@example.com", role: .owner, to: organisation, by: owner, at: now, requestID: nil, in: tx
                ).get()
                return (grant.id, session, link, invitation.secret)
            }
            return token
        } _: { database, _, made in
            let (grant, session, link, invitation) = made
            let later = now + .minutes(2)
            #expect(try await database.read { try Grants().find(grant, in: $0) }?.revokedReason == .restored)
            #expect(try await sessions(database).find(token: session.value, population: .developer, at: later) == nil)
            let spent = try await database.write { try OneTimeLinks(randomness: SystemRandom()).spend(link.value, .resetPassword, at: later, in: $0) }
            #expect(spent == nil)
            let waiting = try await database.read { tx in
                try tx.all("SELECT id FROM invitation WHERE digest = \(invitation.digest) AND withdrawn_at IS NULL").count
            }
            #expect(waiting == 0)
        }
    }

    @Test(arguments: Engine.available)
    func `initial access tokens are revoked, and software statements of before are refused`(engine: Engine) async throws {
        let issued = now
        let right = { @Sendable (app: App, statement: SoftwareStatement?) in
            RegistrationRight(organisationID: app.organisationID, profile: .oauth21, softwareStatement: statement)
        }
        try await restored(engine) { database, app in
            let tokens = InitialAccessTokens()
            return try await database.write { tx in
                try tokens.create(name: "Build", uses: 5, lifetime: .days(7), for: app.organisationID, by: .system, at: issued, requestID: nil, in: tx).get()
            }
        } _: { database, app, made in
            let later = issued + .minutes(2)
            let directory = try Directory()
            #expect(try await database.read { try InitialAccessTokens().find(made.secret.value, at: later, in: $0) } == nil)
            for (moment, isTaken) in [(issued, false), (later, true)] {
                let text = try directory.statement(at: moment)
                let statement = try SoftwareStatement(UnverifiedJWS(parsing: text), text: text, issuer: Directory.issuer, audience: "", at: later)
                let taken = try? await database.write { tx in
                    try AppRegistrations().register(
                        NewApp(organisationID: app.organisationID, name: "Robot", kind: .backend), by: right(app, statement), at: later, requestID: nil, in: tx)
                }
                #expect((taken != nil) == isTaken)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `apps are held until they are confirmed, and passwords are void`(engine: Engine) async throws {
        try await restored(engine) { _, _ in
        } _: { database, app, _ in
            let held = try await database.read { try Applications.Apps().find(app.id, in: $0) }
            let confirmed = try await database.write { try ApplicationsRestoration().confirm(app.id, by: .commandLine, at: now, requestID: nil, in: $0) }
            let again = try await database.write { try ApplicationsRestoration().confirm(app.id, by: .commandLine, at: now, requestID: nil, in: $0) }
            let after = try await database.read { try Applications.Apps().find(app.id, in: $0) }
            let (developer, customer) = try await database.read { (try People().passwordHash(of: owner, in: $0), try People().passwordHash(of: amina, in: $0)) }

            #expect(held?.isActive == false && held?.isHeld == true)
            #expect(confirmed && !again && after?.isActive == true)
            #expect(developer == nil)
            // Made-up people get one that the portal shows: theirs it could not.
            #expect(customer != nil && customer != "hash")
        }
    }

    @Test(.enabled(if: Engine.available.contains(.postgres)))
    func `assertions and proofs of before are refused, used ones and others`() async throws {
        try await atPlace(.postgres) { place in
            let clock = ManualClock(now)
            func use(_ name: String) -> ReplayUse { ReplayUse(digest: Digest(of: name), issuedAt: clock.now, expiresAt: clock.now + .minutes(5)) }
            let (used, unused) = (use("used"), use("unused"))
            let database = try await place.open()
            _ = try await populate(database)
            let before = ReplayTable(database: database, clock: clock)
            try await before.begin()
            #expect(try await before.use(used) == .first)
            await database.close()
            _ = try await restore(place).runInPlace(.init())
            clock.advance(by: .minutes(2))

            let again = try await place.open()
            let after = ReplayTable(database: again, clock: clock)
            try await after.begin()
            #expect(try await after.use(used) == .tooOldToTell)
            #expect(try await after.use(unused) == .tooOldToTell)
            #expect(try await after.use(use("new")) == .first)
            await again.close()
        }
    }

    @Test func `with SQLite their journal is gone, and the next one begins anew`() async throws {
        try await atPlace(.sqlite) { place in
            let database = try await place.open()
            _ = try await populate(database)
            await database.close()
            let journal = "\(place.address)-replays"
            try FileManager.default.createDirectory(atPath: journal, withIntermediateDirectories: false)
            try Data("boot\n0\n".utf8).write(to: URL(fileURLWithPath: "\(journal)/complete-since"))

            _ = try await restore(place).runInPlace(.init())

            #expect(!FileManager.default.fileExists(atPath: journal))
        }
    }

    @Test(arguments: Engine.available)
    func `members of a team are held until somebody who knows it confirms them`(engine: Engine) async throws {
        try await restored(engine) { database, _ in
            try await database.write { tx in _ = try Memberships().add(amina, to: organisation, role: .member, at: now, in: tx) }
        } _: { database, _, _ in
            let members = try await database.read { [organisation] in try Memberships().list(of: organisation, in: $0) }

            #expect(Set(members.map(\.personID)) == [owner, amina])
            #expect(members.map(\.heldAt) == [now + .minutes(1), now + .minutes(1)])
        }
    }

    @Test(arguments: Engine.available)
    func `apps, teams and passwords stay when the operator vouches for them, and the rest ends all the same`(engine: Engine) async throws {
        try await restored(engine, .init(trustsCredentials: true)) { database, app in
            try await database.write { tx in
                _ = try Memberships().add(amina, to: organisation, role: .member, at: now, in: tx)
                let id = try lodge(for: app, in: tx)
                _ = try approve(id, by: amina, "acc_one", in: tx)
                return id
            }
        } _: { database, app, id in
            let (found, hash, consent) = try await database.read { [owner] tx in
                (try Applications.Apps().find(app.id, in: tx), try People().passwordHash(of: owner, in: tx), try Consents().find(id, in: tx))
            }
            let held = try await database.read { try ApplicationsRestoration().heldMembers(in: $0) }

            #expect(found?.isActive == true)
            #expect(held.isEmpty)
            #expect(hash == "hash")
            #expect(consent?.storedStatus == .suspended)
        }
    }

    @Test(arguments: Engine.available)
    func `new keys sign, and no old one is known`(engine: Engine) async throws {
        try await restored(engine) { database, _ in
            try await database.read { tx in Set(try tx.all("SELECT kid FROM signing_key").map { try $0["kid"] as String }) }
        } _: { database, _, before in
            let after = try await database.read { tx in Set(try tx.all("SELECT kid FROM signing_key").map { try $0["kid"] as String }) }

            #expect(before.count == 2 && after.count == 2 && before.isDisjoint(with: after))
            let feed = ChangeFeed(database: database, logger: .quiet)
            await #expect(throws: Never.self) {
                try await SigningKeys.load(
                    database: database, rootKey: RootKeys.open(database, by: .test, randomness: SystemRandom(), at: now), feed: feed, at: now)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `what travels is keyed anew after each restore, two of one copy included`(engine: Engine) async throws {
        let first = try await travelCode(engine)
        let second = try await travelCode(engine)
        let untouched = MessageAuthenticator(.test, purpose: "test").code(for: "one")

        #expect(Set([first, second, untouched]).count == 3)
    }

    private func travelCode(_ engine: Engine) async throws -> String {
        let place = try await TestPlace.make(engine, migrations: AllMigrations.all(on: engine))
        do {
            _ = try await restore(place).runInPlace(.init())
            let database = try await place.open()
            let key = try await database.read { try Restorations().travelKey(of: .test, in: $0) }
            await database.close()
            await place.remove()
            return MessageAuthenticator(key, purpose: "test").code(for: "one")
        } catch {
            await place.remove()
            throw error
        }
    }

    @Test(arguments: Engine.available)
    func `the audit log tells of the restore, and of each thing that ended`(engine: Engine) async throws {
        try await restored(engine) { database, app in
            _ = try await database.write { try lodge(for: app, in: $0) }
        } _: { database, app, _ in
            let entries = try await database.read { try AuditLog().list(limit: 100, in: $0) }

            let restore = entries.first { $0.action == .databaseRestored }
            #expect(restore?.actor == .commandLine && restore?.after["apps_held"] == "1" && restore?.after["consents_ended"] == "1")
            for action in [AuditAction.appHeld, .passwordVoided, .consentRevoked, .keyCreated] {
                #expect(entries.contains { $0.action == action && $0.at > now })
            }
        }
    }

    @Test(arguments: Engine.available)
    func `a key of an unfinished request is free again, and an answered one answers`(engine: Engine) async throws {
        let claims = ["open", "done"].map { key in
            IdempotencyClaim(
                appID: AppID(trusted: "app_one"), route: "createConsent", key: key, payload: Digest(of: key), token: .random(from: SystemRandom()))
        }
        try await restored(engine) { database, _ in
            try await database.write { tx in
                for claim in claims { _ = try IdempotencyRecords().claim(claim, at: now, in: tx) }
                try IdempotencyRecords().complete(claims[1], with: UpstreamAnswer(status: .created, headers: [:], body: Array("{}".utf8)), in: tx)
            }
        } _: { database, _, _ in
            let outcomes = try await database.write { tx in try claims.map { try IdempotencyRecords().claim($0, at: now + .seconds(1), in: tx) } }

            guard case .won = outcomes[0], case .replay = outcomes[1] else {
                Issue.record("\(outcomes)")
                return
            }
        }
    }

    @Test(arguments: Engine.available)
    func `a restore that was cut short is not served`(engine: Engine) async throws {
        let place = try await TestPlace.make(engine, migrations: AllMigrations.all(on: engine))
        let database = try await place.open()
        try await database.write { [now] in try Restorations().begin(with: [], at: now, in: $0) }
        await database.close()
        var configuration = Configuration(issuer: TestServer.issuer)
        configuration.database = engine == .sqlite ? .sqlite(path: place.address) : .postgres(url: place.address)

        let refusal = await #expect(throws: ConfigurationError.self) { try await Workbench.open(configuration, logger: .quiet) }
        _ = try await restore(place).runInPlace(.init())
        let bench = try await Workbench.open(configuration, logger: .quiet)

        #expect(refusal?.description.contains("did not finish") == true)
        await bench.database.close()
        await place.remove()
    }
}

/// A database of a server that is not running.
func atPlace(_ engine: Engine, _ body: (TestPlace) async throws -> Void) async throws {
    let place = try await TestPlace.make(engine, migrations: AllMigrations.all(on: engine))
    do {
        try await body(place)
    } catch {
        await place.remove()
        throw error
    }
    await place.remove()
}
