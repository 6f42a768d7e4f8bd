import Applications
import HTTPTypes
import HummingbirdTesting
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("RFC 8252 · Native apps")
struct RFC8252Tests {
    @Test(arguments: Engine.available)
    func `§7-3 a native app chooses its loopback port when it asks`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.native, redirectURIs: ["http://127.0.0.1/callback", "http://[::1]/callback", "com.example.app:/callback"])

            for address in ["http://127.0.0.1:51004/callback", "http://[::1]:61023/callback", "http://127.0.0.1/callback", "com.example.app:/callback"] {
                let authorization = try await server.authorize(app, [("redirect_uri", address)])
                #expect(authorization.location.hasPrefix(address + "?code="), "\(address)")
                #expect(try await server.redeem(authorization, by: app, [("redirect_uri", address)]).status == .ok)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§7-3 the port of the token request is the one of the authorization request`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.native, redirectURIs: ["http://127.0.0.1/callback"])
            let authorization = try await server.authorize(app, [("redirect_uri", "http://127.0.0.1:51004/callback")])

            #expect(try await server.redeem(authorization, by: app, [("redirect_uri", "http://127.0.0.1:51005/callback")]).errorCode == "invalid_grant")
        }
    }

    @Test(arguments: Engine.available)
    func `§8-4 a web app's port does not vary, nor a native app's path or host`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let web = try await server.register(redirectURIs: ["http://127.0.0.1:3000/callback"])
            let native = try await server.register(.native, name: "Native", redirectURIs: ["http://127.0.0.1/callback"])

            for (app, address) in [
                (web, "http://127.0.0.1:3001/callback"), (native, "http://127.0.0.1:1/other"), (native, "http://localhost:1/callback"),
                (native, "http://127.0.0.1:99999/callback"), (native, "http://127.0.0.1:1@evil.test/callback"), (native, "https://127.0.0.1:1/callback"),
            ] {
                let browser = TestBrowser(server)
                try await browser.open(server.authorizationURI(app, [("redirect_uri", address)]))
                #expect(await browser.status == 400, "\(address)")
                #expect(await browser.left == nil, "\(address)")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§8-6 in the name of an app that any program can take nobody is told of silently`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let identity: (name: String, value: String) = ("scope", "openid")
            let apps: [(kind: AppKind, redirectURI: String, isSilent: Bool)] = [
                (.native, "http://127.0.0.1/callback", false), (.native, "com.example.app:/callback", false),
                (.singlePage, "http://localhost:3000/callback", false), (.singlePage, "https://spa.example.com/callback", true),
                (.web, "http://127.0.0.1:3000/callback", true),
            ]

            for (kind, redirectURI, isSilent) in apps {
                let app = try await server.register(kind, redirectURIs: [redirectURI])
                let browser = TestBrowser(server)
                let approved = try await server.authorize(app, [identity], browser: browser)

                let silent = try await server.answer(app, [identity, ("prompt", "none")], browser: browser)

                #expect(approved.code != nil, "\(approved.location)")
                #expect((silent["code"] != nil) == isSilent, "\(redirectURI)")
                #expect(silent["error"] == (isSilent ? nil : "consent_required"), "\(redirectURI)")
                try await browser.open(server.authorizationURI(app, [identity]))
                #expect(await browser.left == nil)
                #expect(await browser.forms.contains { $0.names.contains("decision") }, "\(redirectURI)")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§8-5 a native app has no secret, and one that comes along is refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.native)
            let authorization = try await server.authorize(app)

            #expect(app.secret == nil)
            #expect(try await server.redeem(authorization, by: app, [("client_secret", "x")]).errorCode == "invalid_client")
            #expect(try await server.redeem(authorization, by: app).status == .ok)
        }
    }
}
