import Applications
import Composition
import Contract
import HTTPTypes
import HummingbirdTesting
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("The outside · what no standard says")
struct OutsideTests {
    private static let later = [
        "/oauth2/device_authorization", "/oauth2/bc-authorize", "/oauth2/grants", "/oauth2/logout", "/device",
        "/v1/webhook-endpoints", "/v1/events", "/sandbox/v1/clock",
    ]

    @Test(arguments: later)
    func `a path that is not delivered yet is 404, and neither contract nor metadata name it`(path: String) async throws {
        try await TestServer.run(.sqlite) { server in
            #expect(try await server.get(path).status == .notFound)
            #expect(try await server.send(.post, path).status == .notFound)
            #expect(!contract.operations.contains { $0.path.hasPrefix(path) })
            let metadata = try await server.get("/.well-known/openid-configuration").text
            #expect(!metadata.contains(path))
        }
    }

    @Test(arguments: ["/metrics", "/healthz", "/readyz", "/sockets"])
    func `what is for operators is not on the public listener`(path: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let response = try await server.get(path)

            #expect(response.status == .notFound)
        }
    }

    @Test(arguments: Engine.available)
    func `offline_access changes the words that the customer reads, and nothing else`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            var pages: [String] = []
            var answers: [TestResponse] = []
            for scope in ["openid accounts.read", "openid offline_access accounts.read"] {
                let browser = TestBrowser(server)
                let authorization = try await server.authorize(app, [("scope", scope)], browser: browser)
                try await browser.open(server.authorizationURI(app, [("scope", scope)]))
                pages.append(await browser.page)
                answers.append(try await server.redeem(authorization, by: app))
            }

            #expect(pages.map { $0.contains("It may look at any time until then, also while you are away.") } == [false, true])
            #expect(pages.allSatisfy { $0.contains("It may look at any time until then") })
            #expect(answers.map(\.status) == [.ok, .ok])
            #expect(answers.map { Set($0.json.keys) }[0] == answers.map { Set($0.json.keys) }[1])
            for answer in answers { #expect(try await server.refresh(answer.json["refresh_token"] as? String, by: app).status == .ok) }
        }
    }

    @Test func `no account is ticked before the customer ticks one`() async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.signedIn(for: server.register())
            let question = try #require(await browser.forms.first { $0.names.contains("decision") })
            #expect(question.options.filter { $0.name == "accounts" }.count >= 2)
            #expect(!question.fields.contains { $0.name == "accounts" })

            try await browser.submit("decision", [("decision", "approve")])

            #expect(await browser.left == nil)
            #expect(await browser.status == 422)
            #expect(await browser.page.contains("Choose at least one account."))
        }
    }

    @Test(arguments: Engine.available)
    func `the demo world's customers sign in, by their bare name and with its organisation`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            for name in ["amina.traveler", "brian.parent", "chao.digital", "diana.student", "elijah.boomer"] {
                for spelling in [name, "\(name)@acme-budget"] {
                    let browser = TestBrowser(server)
                    try await browser.open("/my/sign-in")
                    try await browser.submit("password", [("username", spelling), ("password", "sandbox")])
                    #expect(await browser.address == "/my", "\(spelling)")
                }
                let stranger = TestBrowser(server)
                try await stranger.open("/my/sign-in")
                try await stranger.submit("password", [("username", "\(name)@no-such-organisation"), ("password", "sandbox")])
                #expect(await stranger.address != "/my")
            }
        }
    }

    @Test(arguments: Engine.available)
    func `the demo world's developer, staff and app are as printed`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let developer = try await server.signedIn("developer@example.test", "sandbox-developer")
            #expect(await developer.address == "/portal")
            #expect(await developer.page.contains("Acme Budget"))
            let staff = TestBrowser(server)
            try await staff.open("/staff/sign-in")
            try await staff.submit("username", [("username", "staff@example.test"), ("password", "sandbox-staff")])
            #expect(await staff.address == "/staff")

            let secret = try #require(server.platform.demoWorld?.clientSecret.value)
            let app = try await server.demoApp()
            #expect(app.name == "Acme Budget" && app.clientID.text == "acme-budget")
            #expect(app.redirectURIs.map(\.text) == ["http://localhost:8080/demo/callback"])
            let answer = try await server.post(
                "/oauth2/token", form: [("grant_type", "client_credentials"), ("scope", "consents.write")], headers: .basic("acme-budget", secret))
            #expect(answer.status == .ok)
        }
    }

    @Test(arguments: ["/", "/docs", "/portal/sign-up", "/portal/sign-in", "/my/sign-in", "/demo", "/demo/mailbox"])
    func `every page of the demo world says Sandbox`(path: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let page = try await server.get(path, headers: [.accept: "text/html"])

            #expect(page.status == .ok)
            #expect(page.text.contains(#"class="sandbox-banner"><strong>Sandbox.</strong>"#))
        }
    }
}
