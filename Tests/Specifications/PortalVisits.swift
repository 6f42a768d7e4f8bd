import Applications
import Composition
import Events
import Foundation
import HTTPTypes
import HummingbirdTesting
import Identity
import Mail
import Passwords
import Primitives
import Storage
import Testing
import TestSupport
import Web

// What the portal's specifications share: people who sign in, and the mail they get.

extension TestServer {
    static let passphrase = "correct horse battery staple"

    /// A browser in which the demo's developer, an owner of Acme Budget, is signed in.
    func developer() async throws -> TestBrowser { try await signedIn(DemoWorld.developer.email, DemoWorld.developer.password) }

    func signedIn(_ name: String, _ password: String) async throws -> TestBrowser {
        let browser = TestBrowser(self)
        try await browser.open("/portal/sign-in")
        try await browser.submit("username", [("username", name), ("password", password)])
        return browser
    }

    /// A developer with an organisation of their own, which shares the demo world.
    @discardableResult
    func enrol(_ email: String, name: String = "Wanjiku Njoroge", company: String? = "Savanna Pay", role: MemberRole = .owner) async throws -> PersonID {
        let hash = try await platform.passwords.hash(Self.passphrase)
        let now = clock.now
        return try await database.write { tx in
            let id = PersonID.random(from: SystemRandom())
            _ = try People().create(
                NewPerson(id: id, population: .developer, signInName: email, name: name, email: email, emailConfirmedAt: now, passwordHash: hash), at: now,
                in: tx)
            if let company {
                _ = try Organisations().create(
                    id: .random(from: SystemRandom()), name: company, world: DemoWorld.organisation, owner: id, by: .system, at: now, requestID: nil, in: tx)
            } else {
                try Memberships().add(id, to: DemoWorld.organisation, role: role, at: now, in: tx)
            }
            return id
        }
    }

    /// The newest mail to an address; mail leaves behind the answer, so it is awaited.
    func mail(to address: String, count: Int = 1) async throws -> Message {
        for _ in 0..<5000 {
            let mails = mailbox.messages(to: address)
            if mails.count >= count, let newest = mails.first { return newest }
            await Task.yield()
            try await Task.sleep(for: .milliseconds(1))
        }
        throw NoMail(address: address)
    }

    struct NoMail: Error { let address: String }

    /// The demo's own app.
    func demoApp() async throws -> App {
        guard let app = try await platform.apps.find(DemoWorld.clientID) else { throw NoMail(address: "app") }
        return app
    }
}

extension Message {
    /// The path and query of the link it carries.
    var link: String {
        guard let match = text.firstMatch(of: /http:\/\/localhost:8080(\/portal\/\S+)/) else { return "" }
        return String(match.1)
    }
}

extension TestBrowser {
    /// The token that the forms of the page carry.
    var csrf: String { forms.lazy.flatMap(\.fields).first { $0.name == "csrf" }?.value ?? "" }

    var heading: String { page.firstMatch(of: /<h1[^>]*>([^<]*)<\/h1>/).map { String($0.1) } ?? "" }

    /// Posts a form that this browser was never shown, with the token of the page it shows.
    func post(_ server: TestServer, _ uri: String, _ form: [(name: String, value: String)]) async throws -> TestResponse {
        try await server.post(
            uri, form: form + [("csrf", csrf)], headers: [.cookie: cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; "), .accept: "text/html"])
    }

    /// The addresses within the server that the page links to.
    var links: [String] {
        page.matches(of: /href="(\/[^"#]*)/).map { $0.1.replacingOccurrences(of: "&amp;", with: "&") }
    }
}
