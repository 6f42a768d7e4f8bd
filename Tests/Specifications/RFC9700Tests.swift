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

@Suite("RFC 9700 · Best current practice")
struct RFC9700Tests {
    @Test(arguments: Engine.available)
    func `§4-14-2 a public client's refresh token rotates, and its previous one gives the same successor for 60 seconds`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.singlePage)
            let tokens = try await server.tokens(for: app)

            let second = try await server.refresh(tokens.refresh, by: app).json["refresh_token"] as? String
            server.clock.advance(by: .seconds(30))
            let again = try await server.refresh(tokens.refresh, by: app)

            #expect(second != nil && second != tokens.refresh)
            #expect(again.status == .ok)
            #expect(again.json["refresh_token"] as? String == second)
            #expect(try await server.refresh(second, by: app).status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `§4-14-2 a replay after the successor was used ends the family, access tokens too`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.singlePage)
            let tokens = try await server.tokens(for: app)
            let second = try await server.refresh(tokens.refresh, by: app).json["refresh_token"] as? String
            let third = try await server.refresh(second, by: app)

            #expect(try await server.refresh(tokens.refresh, by: app).errorCode == "invalid_grant")

            #expect(try await server.refresh(third.json["refresh_token"] as? String, by: app).errorCode == "invalid_grant")
            #expect(try await server.userinfo(third.json["access_token"] as? String ?? "").errorCode == "invalid_token")
        }
    }

    @Test(arguments: Engine.available)
    func `§4-14-2 a replay after 60 seconds ends the family`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.native)
            let tokens = try await server.tokens(for: app)
            let second = try await server.refresh(tokens.refresh, by: app).json["refresh_token"] as? String
            server.clock.advance(by: .seconds(61))

            #expect(try await server.refresh(tokens.refresh, by: app).errorCode == "invalid_grant")

            #expect(try await server.refresh(second, by: app).errorCode == "invalid_grant")
        }
    }

    @Test(arguments: Engine.available)
    func `Fifty refreshes of one generation at once carry one successor, five times over`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.singlePage)
            var current = try await server.tokens(for: app).refresh
            for _ in 0..<5 {
                let presented = current
                let answers = try await withThrowingTaskGroup(of: (Int, String?).self) { group in
                    for _ in 0..<50 {
                        group.addTask {
                            let response = try await server.refresh(presented, by: app)
                            return (response.status.code, response.json["refresh_token"] as? String)
                        }
                    }
                    return try await group.reduce(into: [(Int, String?)]()) { $0.append($1) }
                }

                #expect(answers.allSatisfy { $0.0 == 200 })
                #expect(Set(answers.map(\.1)).count == 1)
                current = answers.first?.1
                #expect(current != presented)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§4-7 the flow is bound to the browser that began it`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let attacker = TestBrowser(server)
            try await attacker.open(server.authorizationURI(app))
            let address = await attacker.address
            let victim = TestBrowser(server)

            try await victim.open(address)

            #expect(await victim.left == nil)
            #expect(await !victim.forms.contains { $0.names.contains("decision") })
        }
    }

    @Test(arguments: Engine.available)
    func `§4-5 one authorization answered in two tabs makes one code`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let first = try await server.signedIn(for: app)
            let (address, cookies) = (await first.address, await first.cookies)
            let second = TestBrowser(server, cookies: cookies)
            try await second.open(address)
            let account = try #require(await first.forms.flatMap(\.options).first { $0.name == "accounts" })

            try await first.submit("decision", [("decision", "approve"), account])
            try await second.submit("decision", [("decision", "approve"), account])

            #expect(await first.left?.contains("code=") == true)
            #expect(await second.left == nil)
            #expect(await second.status < 500)
        }
    }

    @Test(arguments: Engine.available)
    func `§4-12 the answer is a 303 and tells no referrer`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let browser = try await server.signedIn(for: app)
            let account = try #require(await browser.forms.flatMap(\.options).first { $0.name == "accounts" })

            try await browser.submit("decision", [("decision", "approve"), account])

            #expect(await browser.status == 303)
            #expect(await browser.headers[.referrerPolicy] == "no-referrer")
            #expect(await browser.headers[.cacheControl] == "no-store")
        }
    }

    @Test(arguments: Engine.available)
    func `Accounts of somebody else cannot be chosen, nor none at all`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let brian = try await server.signedIn("brian.parent", for: app)
            let foreign = try #require(await brian.forms.flatMap(\.options).first { $0.name == "accounts" })
            let browser = try await server.signedIn("chao.digital", for: app)

            for choice in [[foreign], [], [(name: "accounts", value: "acc_unknown")], [(name: "accounts", value: "' OR 1=1")]] {
                try await browser.submit("decision", [("decision", "approve")] + choice)
                #expect(await browser.left == nil)
                #expect(await (400..<500).contains(browser.status))
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§2-6 a browser app's own origin may read tokens and userinfo, no other may, and never with credentials`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.singlePage, redirectURIs: ["https://spa.example.com/callback"])
            let tokens = try await server.tokens(for: app)
            let form: [(name: String, value: String)] = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", app.clientID)]

            for origin in ["https://spa.example.com", "https://evil.test", "null", "https://spa.example.com.evil.test", "http://spa.example.com"] {
                let expected = origin == "https://spa.example.com" ? origin : nil
                let token = try await server.post("/oauth2/token", form: form, headers: [.origin: origin])
                let userinfo = try await server.call("/oauth2/userinfo", token: tokens.access, headers: [.origin: origin])
                for response in [token, userinfo] {
                    #expect(response.allowedOrigin == expected, "\(origin)")
                    #expect(response.headers[.accessControlAllowCredentials] == nil)
                    #expect(response.headers[.vary]?.contains("Origin") == true)
                }
                #expect(try await server.get(server.authorizationURI(app), headers: [.origin: origin]).allowedOrigin == nil)
            }
            for path in ["/oauth2/token", "/oauth2/revoke", "/oauth2/userinfo"] {
                let preflight = try await server.send(
                    .options, path,
                    headers: [.origin: "https://spa.example.com", .accessControlRequestMethod: "POST", .accessControlRequestHeaders: "authorization"])
                #expect(preflight.status.kind == .successful)
                #expect(preflight.allowedOrigin == "https://spa.example.com")
                #expect(preflight.headers[.accessControlAllowHeaders]?.contains("Authorization") == true)
                #expect(preflight.headers[.accessControlAllowCredentials] == nil)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§2-6 a browser app's own origin may read why its proof is refused, with the nonce it needs, and no other may`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.singlePage, redirectURIs: ["https://spa.example.com/callback"])
            let (key, now) = (try TestKey(), server.clock.now)
            let form: [(name: String, value: String)] = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", app.clientID)]

            for path in ["/oauth2/token", "/oauth2/par"] {
                for origin in ["https://spa.example.com", "https://evil.test"] {
                    let isOwn = origin == "https://spa.example.com"
                    let late = try key.proof("POST", path, at: now, claims: ["iat": .integer(now.seconds - 3600)])
                    let nonceless = try await server.post(path, form: form, headers: [.origin: origin, .dpop: late])
                    let broken = try await server.post(path, form: form, headers: [.origin: origin, .dpop: "x"])

                    #expect(nonceless.errorCode == "use_dpop_nonce" && nonceless.headers[.dpopNonce] != nil, "\(path)")
                    #expect(broken.errorCode == "invalid_dpop_proof", "\(path)")
                    for answer in [nonceless, broken] {
                        #expect(answer.allowedOrigin == (isOwn ? origin : nil), "\(path) \(origin)")
                        #expect((answer.headers[.accessControlExposeHeaders]?.contains("DPoP-Nonce") == true) == isOwn)
                        #expect(answer.headers[.accessControlAllowCredentials] == nil)
                    }
                }
            }
        }
    }
}
