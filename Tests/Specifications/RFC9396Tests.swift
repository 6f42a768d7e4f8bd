import Applications
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
    func `§6 a token may be asked for with the details that the grant holds`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let consent = try await server.lodge(app)
            let held = server.details(consent)

            let redeemed = try await server.redeem(server.authorize(app, [held]), by: app, [held])
            let refreshed = try await server.refresh(redeemed.json["refresh_token"] as? String, by: app, [held])

            for answer in [redeemed, refreshed] {
                #expect(answer.status == .ok, "\(answer.text)")
                #expect(answer.json["authorization_details"] as? [[String: String]] == [["type": "account_access", "consent_id": consent]])
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§6 details that the grant does not hold are refused, and spend neither code nor refresh token`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let other = try await server.register(name: "Other")
            let (consent, waiting) = (try await server.lodge(app), try await server.lodge(app))
            let authorization = try await server.authorize(app, [server.details(consent)])
            let identity = try await server.authorize(app, [("scope", "openid")])
            let foreign: [(name: String, value: String)] = [
                server.details(waiting), ("authorization_details", #"[{"type":"payment","consent_id":"\#(consent)"}]"#),
            ]

            for detail in foreign {
                let answer = try await server.redeem(authorization, by: app, [detail])
                #expect(answer.status == .badRequest && answer.errorCode == "invalid_authorization_details", "\(answer.text)")
            }
            // What a grant holds is told to nobody else.
            for detail in [server.details(consent), server.details(waiting)] {
                let answer = try await server.redeem(authorization, by: other, [detail])
                #expect(answer.errorCode == "invalid_grant")
            }
            let widened = try await server.redeem(identity, by: app, [server.details(consent)])
            let redeemed = try await server.redeem(authorization, by: app)
            let refresh = redeemed.json["refresh_token"] as? String
            for detail in foreign {
                let answer = try await server.refresh(refresh, by: app, [detail])
                #expect(answer.errorCode == "invalid_authorization_details")
            }
            let refreshed = try await server.refresh(refresh, by: app)
            let identified = try await server.redeem(identity, by: app)

            #expect(widened.errorCode == "invalid_authorization_details")
            #expect(redeemed.status == .ok, "\(redeemed.text)")
            #expect(refreshed.status == .ok && identified.status == .ok)
        }
    }

    /// RFC 6749 §4.1.2
    @Test(arguments: Engine.available)
    func `§6 a code that could not be redeemed is refused as that, whatever details come with it, and a replay ends its grant`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let (consent, waiting) = (try await server.lodge(app), try await server.lodge(app))
            let foreign = server.details(waiting)
            let (spent, fresh) = (try await server.authorize(app, [server.details(consent)]), try await server.authorize(app, [("scope", "openid")]))
            let redeemed = try await server.redeem(spent, by: app)

            let unproven = try await server.redeem(fresh, by: app, [foreign, ("code_verifier", String(repeating: "x", count: 43))])
            let replayed = try await server.redeem(spent, by: app, [foreign])
            let refreshed = try await server.refresh(redeemed.json["refresh_token"] as? String, by: app)
            server.clock.advance(by: .seconds(61))
            let expired = try await server.redeem(fresh, by: app, [foreign])

            #expect(redeemed.status == .ok, "\(redeemed.text)")
            #expect(unproven.errorCode == "invalid_grant" && unproven.text.contains("code_verifier"), "\(unproven.text)")
            #expect(replayed.errorCode == "invalid_grant" && replayed.text.contains("used before"), "\(replayed.text)")
            #expect(refreshed.errorCode == "invalid_grant", "\(refreshed.text)")
            #expect(expired.errorCode == "invalid_grant" && expired.text.contains("has expired"), "\(expired.text)")
        }
    }

    /// RFC 9700 §4.14.2
    @Test(arguments: Engine.available)
    func `§6 a refresh token that was used before ends its family, whatever is asked for with it`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.singlePage)
            let excesses: [(asked: (name: String, value: String), error: String)] = [
                (server.details("cns_foreign"), "invalid_authorization_details"), (("scope", "payments.write"), "invalid_scope"),
            ]

            for (asked, error) in excesses {
                let first = try await server.tokens(for: app).refresh
                let second = try await server.refresh(first, by: app).json["refresh_token"] as? String
                let refused = try await server.refresh(second, by: app, [asked])
                let third = try await server.refresh(second, by: app)
                let replayed = try await server.refresh(first, by: app, [asked])
                let ended = try await server.refresh(third.json["refresh_token"] as? String, by: app)

                #expect(refused.errorCode == error, "\(refused.text)")
                #expect(third.status == .ok, "\(third.text)")
                #expect(replayed.errorCode == "invalid_grant" && replayed.text.contains("used before"), "\(replayed.text)")
                #expect(ended.errorCode == "invalid_grant", "\(ended.text)")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§6 an app's own token is asked for with no details`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let consent = try await server.lodge(app)

            let answer = try await server.token(app, [("grant_type", "client_credentials"), server.details(consent)])
            let without = try await server.token(app, [("grant_type", "client_credentials")])

            #expect(answer.status == .badRequest && answer.errorCode == "invalid_authorization_details", "\(answer.text)")
            #expect((answer.json["error_description"] as? String)?.contains("authorization request") == true)
            #expect(without.status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `§5 the token endpoint too refuses broken JSON, unknown types and unknown members, and spends no code`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let consent = try await server.lodge(app)
            let authorization = try await server.authorize(app, [server.details(consent)])

            for details in [
                "not json", "[]", "{}", #"[{"type":"foo"}]"#, #"[{"type":"account_access","consent_id":"\#(consent)","locations":[]}]"#,
                #"[{"type":"account_access","consent_id":"\#(consent)"},{"type":"account_access","consent_id":"\#(consent)"}]"#,
            ] {
                let asked = (name: "authorization_details", value: details)
                let redeemed = try await server.redeem(authorization, by: app, [asked])
                let own = try await server.token(app, [("grant_type", "client_credentials"), asked])
                for answer in [redeemed, own] {
                    #expect(answer.status == .badRequest && answer.errorCode == "invalid_authorization_details", "\(details) \(answer.text)")
                }
            }
            let repeated = try await server.token(app, [("grant_type", "client_credentials"), server.details(consent), server.details(consent)])
            let redeemed = try await server.redeem(authorization, by: app)

            #expect(repeated.errorCode == "invalid_request")
            #expect(redeemed.status == .ok, "\(redeemed.text)")
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
