import Composition
import Events
import HTTPTypes
import HummingbirdTesting
import Identity
import Primitives
import Storage
import TestSupport
import Testing
import Web

/// What a server without `--demo` is like: no default credentials, and nothing that leads to the demo.
@Suite("Without the demo")
struct WithoutDemoTests {
    /// A developer who signed up, in an organisation whose customers are there.
    static func newcomer(_ server: TestServer, company: String = "Savanna Pay") async throws -> TestBrowser {
        let browser = TestBrowser(server)
        let email = "\(company.split(separator: " ")[0].lowercased())@example.com"
        try await browser.open("/portal/sign-up")
        try await browser.submit("company", [("name", "Wanjiku Njoroge"), ("email", email), ("company", company), ("password", TestServer.passphrase)])
        try await browser.open(try await server.mail(to: email).link)
        try await browser.submit("token", [])
        for _ in 0..<3000 {
            try await browser.open("/portal/customers")
            guard await browser.page.contains("They are on their way") else { return browser }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw NotMade()
    }

    private struct NotMade: Error {}

    static func password(on page: String) -> String? {
        page.firstMatch(of: /sign in with <code>([a-z0-9]{4}(?:-[a-z0-9]{4}){3})<\/code>/).map { String($0.1) }
    }

    static func customer(_ server: TestServer, _ name: String, _ password: String) async throws -> TestBrowser {
        let browser = TestBrowser(server)
        try await browser.open("/my/sign-in")
        try await browser.submit("password", [("username", name), ("password", password)])
        return browser
    }

    @Test(arguments: Engine.available)
    func `each sandbox world has a password of its own, which its developers read and can change`(engine: Engine) async throws {
        try await TestServer.run(engine, demo: false) { server in
            let developer = try await Self.newcomer(server)
            let first = try #require(Self.password(on: await developer.page))
            let other = try #require(Self.password(on: await Self.newcomer(server, company: "Jirani Savings").page))
            #expect(first != other)

            let amina = try await Self.customer(server, "amina.traveler@savanna-pay", first)
            #expect(await amina.address == "/my")
            for (name, password) in [
                ("amina.traveler@savanna-pay", "sandbox"), ("amina.traveler", "sandbox"), ("amina.traveler@savanna-pay", other),
                ("amina.traveler@jirani-savings", first),
            ] {
                let refused = try await Self.customer(server, name, password)
                #expect(await refused.status == 422, "\(name)")
            }

            let form = try #require(await developer.forms.first { $0.action == "/portal/customers/password" })
            try await developer.submit(form, [])
            let second = try #require(Self.password(on: await developer.page))
            #expect(second != first)
            #expect(await developer.address == "/portal/customers?changed=1")
            try await amina.open("/my")
            #expect(await amina.address.hasPrefix("/my/sign-in"))
            let before = try await Self.customer(server, "brian.parent@savanna-pay", first)
            #expect(await before.status == 422)
            let after = try await Self.customer(server, "brian.parent@savanna-pay", second)
            #expect(await after.address == "/my")
            let untouched = try await Self.customer(server, "amina.traveler@jirani-savings", other)
            #expect(await untouched.address == "/my")
            let audited = try await server.database.read { try AuditLog().list(.init(action: .worldPasswordChanged), limit: 10, in: $0) }
            #expect(audited.count == 1)
            let kept = try await server.database.read { try $0.all("SELECT sealed FROM portal_world_password").map { try $0["sealed"] as String } }
            #expect(kept.count == 2 && !kept.contains { $0.contains(second) || $0.contains(other) })
        }
    }

    @Test func `in the demo everybody's password stays what everybody knows`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            try await browser.open("/portal/customers")
            #expect((await browser.page).contains("<code>sandbox</code>"))
            let forms = await browser.forms.map(\.action)
            #expect(!forms.contains("/portal/customers/password"))

            let answer = try await browser.post(server, "/portal/customers/password", [])

            #expect(answer.status == .notFound)
            let amina = try await Self.customer(server, "amina.traveler", "sandbox")
            #expect(await amina.address == "/my")
        }
    }

    @Test func `nothing leads to the demo or tells its passwords`() async throws {
        try await TestServer.run(.sqlite, demo: false) { server in
            let developer = try await Self.newcomer(server)
            for browser in [TestBrowser(server), developer] {
                for path in [
                    "/", "/docs", "/docs/sandbox", "/docs/errors", "/portal/sign-up", "/portal/sign-in", "/my/sign-in", "/staff/sign-in", "/portal",
                    "/portal/customers",
                ] {
                    try await browser.open(path)
                    let page = await browser.page
                    #expect(!page.contains("href=\"/demo"), "\(path)")
                    #expect(!page.contains("<code>sandbox</code>") && !page.contains("sandbox-developer"), "\(path)")
                }
            }
            #expect(try await server.get("/demo").status == .notFound)
            #expect(try await server.get("/demo/mailbox").status == .notFound)
        }
    }

    @Test func `in the demo the way to it stands on every page`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = TestBrowser(server)
            for path in ["/", "/docs", "/portal/sign-up"] {
                try await browser.open(path)
                let links = await browser.links
                #expect(links.contains("/demo"), "\(path)")
            }
        }
    }
}
