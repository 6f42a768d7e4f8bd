import Applications
import Composition
import HTTPTypes
import HummingbirdTesting
import Metering
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("Whom a request comes from")
struct ClientAddressTests {
    /// One proxy beside the nodes, and one in front of it.
    private static let proxies = ["127.0.0.1", "10.0.0.0/8"]

    private static func forwarded(_ lines: String...) -> HTTPFields {
        var headers = HTTPFields()
        for line in lines { headers.append(HTTPField(name: .xForwardedFor, value: line)) }
        return headers
    }

    /// What the record of a call says.
    private static func seen(_ server: TestServer, _ headers: HTTPFields = [:], app: TestApp, token: String) async throws -> String? {
        try await server.record(of: try await server.call("/v1/consents", token: token, headers: headers))?.clientAddress
    }

    @Test(arguments: Engine.available) func `the peer, in one text for each address, and the field is not read unless a proxy is trusted`(engine: Engine)
        async throws
    {
        try await TestServer.run(engine) { server in
            let app = try await server.register(.backend)
            let token = try await server.appToken(app)

            for (peer, text) in [
                ("203.0.113.9", "203.0.113.9"), ("::ffff:203.0.113.9", "203.0.113.9"), ("2001:DB8:0:0::9", "2001:db8::9"), ("127.0.0.1", "127.0.0.1"),
            ] {
                #expect(try await Self.seen(server.called(from: peer), Self.forwarded("192.0.2.1"), app: app, token: token) == text)
            }
        }
    }

    @Test(arguments: Engine.available) func `a trusted proxy names its client, through one proxy and through two`(engine: Engine) async throws {
        try await TestServer.run(engine, trusting: Self.proxies) { server in
            let app = try await server.register(.backend)
            let token = try await server.appToken(app)
            let behind = server.called(from: "127.0.0.1")

            #expect(try await Self.seen(behind, Self.forwarded("203.0.113.9"), app: app, token: token) == "203.0.113.9")
            #expect(try await Self.seen(behind, Self.forwarded("[2001:db8::9]:4711"), app: app, token: token) == "2001:db8::9")
            #expect(try await Self.seen(behind, Self.forwarded("203.0.113.9, 10.0.0.7"), app: app, token: token) == "203.0.113.9")
            #expect(try await Self.seen(behind, Self.forwarded("203.0.113.9", "10.0.0.7"), app: app, token: token) == "203.0.113.9")
            #expect(try await Self.seen(behind, app: app, token: token) == "127.0.0.1")
        }
    }

    @Test(arguments: Engine.available) func `a forged field changes nothing, from a stranger or through the proxy`(engine: Engine) async throws {
        try await TestServer.run(engine, trusting: Self.proxies) { server in
            let app = try await server.register(.backend)
            let token = try await server.appToken(app)
            let (stranger, behind) = (server.called(from: "203.0.113.9"), server.called(from: "127.0.0.1"))

            #expect(try await Self.seen(stranger, Self.forwarded("192.0.2.1"), app: app, token: token) == "203.0.113.9")
            #expect(try await Self.seen(stranger, Self.forwarded("192.0.2.1, 127.0.0.1"), app: app, token: token) == "203.0.113.9")
            #expect(try await Self.seen(behind, Self.forwarded("192.0.2.1, 203.0.113.9"), app: app, token: token) == "203.0.113.9")
            #expect(try await Self.seen(behind, Self.forwarded("192.0.2.1", "203.0.113.9, 10.0.0.7"), app: app, token: token) == "203.0.113.9")
            #expect(try await Self.seen(behind, Self.forwarded("192.0.2.1, unknown, 10.0.0.7"), app: app, token: token) == "10.0.0.7")
        }
    }

    @Test(arguments: Engine.available) func `it is the address of sessions, of a secret's last use and of the throttle of sign-ins`(engine: Engine) async throws
    {
        try await TestServer.run(engine, trusting: Self.proxies) { server in
            let app = try await server.register(.backend)
            let behind = server.called(from: "127.0.0.1")
            let form: [(name: String, value: String)] = [("grant_type", "client_credentials"), ("scope", "consents.write")]
            func attempt(from address: String) async throws -> TestResponse {
                let browser = TestBrowser(server)
                try await browser.open("/portal/sign-in")
                return try await behind.post(
                    "/portal/sign-in", form: [("username", DemoWorld.developer.email), ("password", "wrong"), ("csrf", await browser.csrf)],
                    headers: Self.forwarded(address).merged(with: [.cookie: await browser.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")]))
            }

            _ = try await behind.token(app, form, headers: app.basic.merged(with: Self.forwarded("203.0.113.9")))
            for _ in 0..<3 { _ = try await attempt(from: "203.0.113.10") }
            _ = try await attempt(from: "2001:db8:1:2::5")
            try await server.settle()

            let found = try await server.database.read { try Applications.Apps().find(app.app.id, in: $0) }
            #expect(found?.secrets.first?.lastUsedFrom == "203.0.113.9")
            let counts = try await server.database.read { tx in
                try tx.all("SELECT key, failures FROM sign_in_throttle WHERE key LIKE 'address:%' ORDER BY key").map {
                    "\(try $0["key"] as String) \(try $0["failures"] as Int)"
                }
            }
            #expect(counts == ["address:2001:db8:1:2::/64 1", "address:203.0.113.10 3"])
        }
    }

    @Test func `a session remembers it`() async throws {
        try await TestServer.run(.sqlite) { server in
            _ = try await server.called(from: "2001:db8::9").developer()

            let addresses = try await server.database.read { try $0.all("SELECT address FROM session").map { try $0["address"] as String } }
            #expect(addresses.contains("2001:db8::9"))
        }
    }

    @Test func `of a trusted proxy's other fields none is believed`() async throws {
        try await TestServer.run(.sqlite, trusting: Self.proxies) { server in
            let headers = Self.forwarded("203.0.113.9").merged(with: [
                HTTPField.Name("X-Forwarded-Host")!: "evil.test", HTTPField.Name("X-Forwarded-Proto")!: "https",
                HTTPField.Name("Forwarded")!: "for=192.0.2.1;host=evil.test",
            ])

            let response = try await server.called(from: "127.0.0.1").get("/.well-known/openid-configuration", headers: headers)

            #expect(response.json["issuer"] as? String == TestServer.issuer.text)
            #expect(!response.text.contains("evil"))
        }
    }
}

extension HTTPFields {
    func merged(with others: HTTPFields) -> HTTPFields {
        var fields = self
        for field in others { fields.append(field) }
        return fields
    }
}
