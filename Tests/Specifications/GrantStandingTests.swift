import Foundation
import HTTPTypes
import HummingbirdTesting
import Identity
import Primitives
import Storage
import TestSupport
import Testing
import Web

/// What ends beside a grant ends what it gives, wherever a token is asked for or asked about.
@Suite("A grant stands with its consent and its customer")
struct GrantStandingTests {
    @Test(arguments: Engine.available)
    func `a disabled customer's code, refresh token and access token do nothing more`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let (tokens, waiting) = (try await server.tokens(for: app), try await server.authorize(app))
            let before = try await server.introspect(tokens.refresh, by: app)

            try await server.disable("amina.traveler")
            let (exchanged, refreshed) = (try await server.redeem(waiting, by: app), try await server.refresh(tokens.refresh, by: app))
            let (access, refresh) = (try await server.introspect(tokens.access, by: app), try await server.introspect(tokens.refresh, by: app))
            let identity = try await server.userinfo(tokens.access)

            #expect(before.json["active"] as? Bool == true)
            #expect(exchanged.errorCode == "invalid_grant" && exchanged.text.contains("The customer can no longer be served."), "\(exchanged.text)")
            #expect(refreshed.errorCode == "invalid_grant" && refreshed.text.contains("The customer can no longer be served."), "\(refreshed.text)")
            #expect(access.json["active"] as? Bool == false && refresh.json["active"] as? Bool == false)
            #expect(identity.status == .unauthorized)
        }
    }

    @Test(arguments: Engine.available)
    func `a code whose consent ended before it came is refused with what became of it, and spent`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let consent = try await server.lodge(app)
            let waiting = try await server.authorize(app, [server.details(consent), ("scope", "openid accounts.read")])
            let deleted = try await server.call("/v1/consents/\(consent)", token: server.appToken(app), method: .delete)

            let (first, second) = (try await server.redeem(waiting, by: app), try await server.redeem(waiting, by: app))

            #expect(deleted.status.kind == .successful)
            #expect(first.errorCode == "invalid_grant" && second.errorCode == "invalid_grant")
            #expect(first.text.contains("The consent is revoked."), "\(first.text)")
            #expect(second.text.contains("used before"), "\(second.text)")
        }
    }

    @Test(arguments: Engine.available)
    func `a refresh after the term of its consent is refused, while the grant would go on`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let consent = try await server.lodge(app, lifetime: .hours(2))
            let answer = try await server.redeem(server.authorize(app, [server.details(consent), ("scope", "openid accounts.read")]), by: app)
            let token = answer.json["refresh_token"] as? String
            // A grant ends with its consent's term by itself; this one is made to outlive it.
            let prolonged = try await server.database.write { [end = server.clock.now + .days(1)] tx in
                try tx.execute("UPDATE token_grant SET expires_at = \(end) WHERE consent_id = \(consent)")
            }
            let within = try await server.refresh(token, by: app)

            server.clock.advance(by: .hours(3))
            let late = try await server.refresh(token, by: app)

            #expect(prolonged == 1 && within.status == .ok)
            #expect(late.errorCode == "invalid_grant" && late.text.contains("The consent is expired."), "\(late.text)")
        }
    }

    @Test func `a code that leads nowhere is unknown`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()
            let waiting = try await server.authorize(app)

            let answer = try await server.redeem(waiting, by: app, [("code", (waiting.code ?? "") + "x")])

            #expect(answer.errorCode == "invalid_grant" && answer.text.contains("The code is unknown."))
        }
    }
}

extension TestServer {
    fileprivate func disable(_ signInName: String) async throws {
        let isDisabled = try await database.write { [now = clock.now] tx in
            guard let row = try tx.first("SELECT id FROM person WHERE sign_in_name = \(signInName)") else { return false }
            return try People().disable(try row["id"], at: now, in: tx)
        }
        #expect(isDisabled)
    }
}
