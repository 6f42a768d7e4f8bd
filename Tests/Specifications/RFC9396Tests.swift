import Foundation
import HTTPTypes
import HummingbirdTesting
import JSON
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("RFC 9396 · Rich authorization requests")
struct RFC9396Tests {
    @Test(arguments: Engine.available)
    func `§7 a lodged consent is authorised, and the token's scopes follow its permissions`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let consent = try await server.lodge(app, permissions: ["ReadAccountsBasic", "ReadBalances"])

            let response = try await server.redeem(server.authorize(app, [server.details(consent), ("scope", "openid transactions.read")]), by: app)

            #expect(response.status == .ok, "\(response.text)")
            #expect(response.json["scope"] as? String == "openid accounts.read")
            let details = response.json["authorization_details"] as? [[String: String]]
            #expect(details == [["type": "account_access", "consent_id": consent]])
            #expect(try await server.claims(response.json["access_token"] as? String)?["consent_id"]?.string == consent)
            let read = try await server.call("/v1/consents/\(consent)", token: server.appToken(app))
            #expect(read.json["status"] as? String == "authorised")
            #expect(read.json["status_actor"] as? String == "customer")
        }
    }

    @Test(arguments: Engine.available)
    func `§7 a narrower token leaves a payment consent what it is`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let consent = try await server.lodgePayment(Bill(), app).json["id"] as? String ?? ""
            let tokens = try await server.tokens(for: app, server.detail(consent))

            let narrow = try await server.refresh(tokens.refresh, by: app, [("scope", "openid")])

            #expect(narrow.json["scope"] as? String == "openid", "\(narrow.text)")
            #expect(narrow.json["authorization_details"] as? [[String: String]] == [["type": "payment", "consent_id": consent]])
        }
    }

    @Test(arguments: Engine.available)
    func `§3 the scope may be left out`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let consent = try await server.lodge(app)

            let response = try await server.redeem(server.authorize(app, [server.details(consent), ("scope", "")]), by: app)

            #expect(response.json["scope"] as? String == "accounts.read")
            #expect(response.json["id_token"] == nil)
        }
    }

    @Test(arguments: Engine.available)
    func `§5 a consent that is another app's, decided, expired or unknown is refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let other = try await server.register(name: "Other")
            let (authorised, rejected, foreign, late) = (
                try await server.lodge(app), try await server.lodge(app), try await server.lodge(other), try await server.lodge(app, lifetime: .hours(1))
            )
            _ = try await server.authorize(app, [server.details(authorised)])
            _ = try await server.authorize(app, [server.details(rejected)], decision: "reject")
            server.clock.advance(by: .hours(2))

            for consent in [authorised, rejected, foreign, late, "cns_unknown"] {
                let answer = try await server.answer(app, [server.details(consent)])
                #expect(answer["error"] == "invalid_authorization_details", "\(consent)")
                #expect(answer["state"] == "af0ifjsldkj")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§5 unknown types, unknown members, more than one object and broken JSON are refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let consent = try await server.lodge(app)
            for details in [
                "x", "[]", "{}", #"[{"type":"payment","consent_id":"\#(consent)"}]"#, #"[{"type":"account_access"}]"#,
                #"[{"type":"account_access","consent_id":"\#(consent)","locations":[]}]"#,
                #"[{"type":"account_access","consent_id":"\#(consent)"},{"type":"account_access","consent_id":"\#(consent)"}]"#,
                #"[{"type":"account_access","type":"account_access","consent_id":"\#(consent)"}]"#, String(repeating: "[", count: 3000),
            ] {
                #expect(try await server.answer(app, [("authorization_details", details)])["error"] == "invalid_authorization_details", "\(details.prefix(60))")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `A rejected consent is told as rejected by the customer`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let consent = try await server.lodge(app)

            let answer = try await server.authorize(app, [server.details(consent)], decision: "reject")

            #expect(answer.parameters["error"] == "access_denied")
            let read = try await server.call("/v1/consents/\(consent)", token: server.appToken(app))
            #expect(read.json["status"] as? String == "rejected")
            #expect(read.json["status_actor"] as? String == "customer")
        }
    }

    @Test(arguments: Engine.available)
    func `Plain API scopes make a consent of 90 days with their default permissions`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let response = try await server.redeem(server.authorize(app, [("scope", "accounts.read")]), by: app)
            let details = response.json["authorization_details"] as? [[String: String]]
            let consent = try #require(details?.first?["consent_id"])

            let read = try await server.call("/v1/consents/\(consent)", token: server.appToken(app))

            #expect(read.json["status"] as? String == "authorised")
            #expect(read.json["permissions"] as? [String] == ["ReadAccountsBasic", "ReadAccountsDetail", "ReadBalances"])
            #expect(read.json["expires_at"] as? String == (server.clock.now + .days(90)).rfc3339)
        }
    }

    @Test(arguments: Engine.available)
    func `Identity scopes alone make a grant and no consent`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()

            let response = try await server.redeem(server.authorize(app, [("scope", "openid profile email")]), by: app)

            #expect(response.status == .ok, "\(response.text)")
            #expect(response.json["authorization_details"] == nil)
            #expect(try await server.claims(response.json["access_token"] as? String)?["consent_id"] == nil)
            #expect(try await server.refresh(response.json["refresh_token"] as? String, by: app).status == .ok)
        }
    }
}
