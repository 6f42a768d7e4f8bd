import Applications
import Events
import OAuth
import Primitives
import Storage
import TestSupport
import Testing

@Suite("What an organisation keeps many of")
struct ManyRowsTests {
    @Test(arguments: Engine.available)
    func `an organisation has a thousand apps at most, and those that were removed do not count`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (app, _) = try await office.makeWeb()
            let (apps, start) = (office.apps, office.start)
            _ = try await office.db.write { tx in
                try tx.execute(
                    """
                    WITH RECURSIVE numbers (number) AS (SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < 1000)
                    INSERT INTO app (id, client_id, organisation_id, name, kind, environment, profile, redirect_uris, grant_types, scopes,
                                     authentication_method, created_at)
                    SELECT 'app_copy' || number, 'copy-' || number, organisation_id, name, kind, environment, profile, redirect_uris, grant_types, scopes,
                           authentication_method, created_at
                    FROM numbers
                    JOIN app ON app.id = \(app.id)
                    """)
            }
            let count = try await office.db.read { try apps.count(of: Office.acme, in: $0) }

            let refused = try await office.make(NewApp(organisationID: Office.acme, name: "One more", kind: .backend)).refusal
            let elsewhere = try await office.make(NewApp(organisationID: Office.other, name: "Elsewhere", kind: .backend)).refusal
            _ = try await office.db.write { try apps.remove(app.id, by: .system, at: start, requestID: nil, in: $0) }
            let later = try await office.make(NewApp(organisationID: Office.acme, name: "One more", kind: .backend)).refusal
            let again = try await office.make(NewApp(organisationID: Office.acme, name: "And another", kind: .backend)).refusal

            #expect(count == 1000)
            #expect(refused == .tooManyApps && elsewhere == nil)
            #expect(later == nil && again == .tooManyApps)
        }
    }

    @Test(arguments: Engine.available)
    func `a token that works stands before 200 that were used up, and counts`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (tokens, start) = (InitialAccessTokens(randomness: SeededRandom(7)), office.start)
            func create(_ name: String, at moment: Timestamp) async throws -> Result<InitialAccessToken, InitialAccessTokenRefusal> {
                try await office.db.write { tx in
                    try tokens.create(name: name, uses: 1, lifetime: .days(30), for: Office.acme, by: .system, at: moment, requestID: nil, in: tx).map(\.token)
                }
            }
            let old = try await create("Old", at: start).get()
            for number in 1...200 {
                let moment = start + .seconds(number)
                let spent = try await create("Spent", at: moment).get()
                let wasSpent = try await office.db.write { try tokens.spend(spent.id, at: moment, in: $0) }
                #expect(wasSpent)
            }
            let now = start + .hours(1)

            let listed = try await office.db.read { try tokens.list(of: Office.acme, at: now, in: $0) }
            var more: [InitialAccessTokenRefusal?] = []
            for number in 1...InitialAccessToken.most { more.append(try await create("Live \(number)", at: now).refusal) }

            #expect(listed.first?.id == old.id && listed.count == 200)
            #expect(more == Array(repeating: nil, count: InitialAccessToken.most - 1) + [.tooMany])
        }
    }

    @Test(arguments: Engine.available)
    func `invitations that ended long ago go a batch at a time, open ones stay`(engine: Engine) async throws {
        try await Office.open(engine) { office in
            let (invitations, start) = (office.invitations, office.start)
            func invite(_ email: String, at moment: Timestamp) async throws -> Secret {
                try await office.db.write { tx in
                    try invitations.invite(email: email, role: .member, to: Office.acme, by: Office.wanjiku, at: moment, requestID: nil, in: tx).get().secret
                }
            }
            for number in 1...3 { _ = try await invite("old\(number)@example.com", at: start) }
            let now = start + .days(100)
            let open = try await invite("new@example.com", at: now)
            func purge() async throws -> Int { try await office.db.write { try invitations.purge(expiredBefore: now - .days(90), limit: 2, in: $0) } }

            let gone = [try await purge(), try await purge(), try await purge()]

            let left = try await office.db.read { try invitations.find(secret: open.value, at: now, in: $0) }
            #expect(gone == [2, 1, 0])
            #expect(left?.email == "new@example.com")
        }
    }
}
