import Applications
import Composition
import Events
import Identity
import Primitives
import Storage
import TestSupport
import Testing

@Suite("Portal · names that others read")
struct NamesTests {
    private static let unseen = ["Acme\u{200B}Budget", "Acme\u{202E}tegduB", "Acme\nBudget", "Acme\u{7}Budget"]

    @Test(arguments: unseen) func `an app's name and purpose hold only what can be seen`(text: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let browser = try await server.developer()
            let sound: [(name: String, value: String)] = [
                ("name", "Savanna Pay"), ("kind", "web"), ("redirect_uris", "https://savanna.example/callback"), ("purpose", ""),
            ]
            for (field, words) in [("name", "in the name"), ("purpose", "for what the app does")] {
                try await browser.open("/portal/apps/new")
                try await browser.submit("redirect_uris", sound.filter { $0.name != field } + [(field, text)])
                #expect(await browser.status == 422)
                #expect((await browser.page).contains("id=\"\(field)-error\""))
                #expect((await browser.page).contains("characters that can be seen \(words)"))
            }
            let app = try await server.demoApp()
            try await browser.open("/portal/apps/\(app.id)/edit")
            try await browser.submit("redirect_uris", [("name", text), ("redirect_uris", app.redirectURIs.map(\.text).joined(separator: "\n"))])
            #expect(await browser.status == 422)
            let after = try await server.demoApp()
            #expect(fields(after) == fields(app))
        }
    }

    @Test(arguments: unseen) func `a person's and a company's name hold only what can be seen`(text: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let visitor = TestBrowser(server)
            for (field, words) in [("name", "in your name"), ("company", "for the company")] {
                let sound: [(name: String, value: String)] = [
                    ("name", "Wanjiku Njoroge"), ("email", "wanjiku@savanna.example"), ("company", "Savanna Pay"), ("password", TestServer.passphrase),
                ]
                try await visitor.open("/portal/sign-up")
                try await visitor.submit("company", sound.filter { $0.name != field } + [(field, text)])
                #expect(await visitor.status == 422)
                #expect((await visitor.page).contains("characters that can be seen \(words)"))
            }
            let browser = try await server.developer()
            try await browser.open("/portal/settings")
            try await browser.submit("name", [("name", text)])
            #expect(await browser.status == 422)
            let names = try await server.database.read { tx in
                (
                    try People().find(signInName: "wanjiku@savanna.example", population: .developer, in: tx),
                    try People().find(PersonID(trusted: "usr_demodeveloper"), in: tx)?.name
                )
            }
            #expect(names.0 == nil && names.1 == "Dorcas Developer")
        }
    }

    @Test(arguments: unseen) func `the register of apps refuses such a name too, whoever asks`(text: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let now = server.clock.now
            let made = try await server.database.write { tx in
                try Apps().create(NewApp(organisationID: DemoWorld.organisation, name: text, kind: .backend), by: .commandLine, at: now, requestID: nil, in: tx)
                    .map(\.app)
            }

            #expect(throws: AppRefusal.nameUnseen) { try made.get() }
        }
    }
}
