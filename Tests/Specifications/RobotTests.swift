import Applications
import Bank
import Composition
import Consents
import Events
import Foundation
import HTTPTypes
import HummingbirdTesting
import Identity
import JSON
import OAuth
import OpenBanking
import Primitives
import Storage
import TestSupport
import Testing
import Web

extension TestServer {
    /// Tells the robot what to decide about a lodged consent.
    func tellRobot(
        _ decision: String = "approve", about consent: String, _ app: TestApp, customer: String = "amina.traveler", accounts: [String]? = nil
    ) async throws -> TestResponse {
        let more = accounts.map { #","accounts":[\#($0.map { "\"\($0)\"" }.joined(separator: ","))]"# } ?? ""
        return try await call(
            "/sandbox/v1/consents/\(consent)/authorisation", token: appToken(app), method: .post,
            json: #"{"customer":"\#(customer)","decision":"\#(decision)"\#(more)}"#)
    }

    /// What a program without cookies gets for an authorization request.
    func headless(_ uri: String) async throws -> Authorization {
        let location = try await get(uri).location ?? ""
        let query = location.split(separator: "?", maxSplits: 1).last.flatMap { Parameters(urlEncoded: String($0)) } ?? Parameters()
        return Authorization(code: query["code"], parameters: query, verifier: Self.verifier, location: location)
    }

    /// A payment consent that the robot approves, and the token for it.
    func robotApproved(_ bill: Bill = Bill(), for app: TestApp, customer: String = "amina.traveler") async throws -> (consent: String, token: String) {
        let consent = try await lodgePayment(bill, app).json["id"] as? String ?? ""
        _ = try await tellRobot(about: consent, app, customer: customer)
        let answer = try await redeem(headless(authorizationURI(app, detail(consent))), by: app)
        return (consent, answer.json["access_token"] as? String ?? "")
    }

    func consent(_ id: String, _ app: TestApp) async throws -> [String: Any] { try await call("/v1/consents/\(id)", token: appToken(app)).json }

    /// Somebody who was registered in the demo world, and is none of its five customers.
    func registeredCustomer() async throws -> PersonID {
        let grace = PersonID(trusted: "usr_grace")
        try await database.write { tx in
            _ = try People().create(
                NewPerson(
                    id: grace, population: .customer, world: DemoWorld.organisation, signInName: "grace.real", name: "Grace Wanjiru",
                    email: "grace@example.test", emailConfirmedAt: clock.now, passwordHash: "none"), at: clock.now, in: tx)
        }
        return grace
    }
}

@Suite("The robot customer")
struct RobotTests {
    @Test(arguments: Engine.available) func `approves a lodged consent: the redirect brings the code, and no page is shown`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let consent = try await server.lodge(app)

            let told = try await server.tellRobot(about: consent, app)
            told.keeps("authoriseConsentAsCustomer")
            let authorization = try await server.headless(server.authorizationURI(app, [server.details(consent), ("scope", "openid")]))

            #expect(told.status == .ok, "\(told.text)")
            #expect(authorization.location.hasPrefix(app.redirectURI) && authorization.parameters["state"] == "af0ifjsldkj")
            #expect(authorization.parameters["iss"] == TestServer.issuer.text)
            let tokens = try await server.redeem(authorization, by: app)
            #expect(tokens.status == .ok, "\(tokens.text)")
            #expect(try await server.call("/v1/accounts", token: tokens.json["access_token"] as? String ?? "").status == .ok)
        }
    }

    @Test(arguments: Engine.available) func `history and audit log tell that a robot decided`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (approved, _) = try await server.robotApproved(for: app)
            let rejected = try await server.lodge(app)
            _ = try await server.tellRobot("reject", about: rejected, app)
            _ = try await server.headless(server.authorizationURI(app, [server.details(rejected)]))

            for (id, reason, action) in [
                (approved, "robot_approved", AuditAction.consentAuthorised), (rejected, "robot_rejected", .consentRejected),
            ] {
                let consent = try await server.consent(id, app)
                #expect(consent["status_actor"] as? String == "customer" && consent["status_reason"] as? String == reason)
                #expect((consent["history"] as? [[String: String]])?.last?["reason"] == reason)
                let entry = try await server.database.read { try AuditLog().list(.init(action: action, subject: id), limit: 1, in: $0).first }
                #expect(entry?.actor == .app(app.app.id))
            }
            let grants = try await server.database.read { try AuditLog().list(.init(actor: .app(app.app.id), action: .grantCreated), limit: 5, in: $0) }
            #expect(grants.count == 1)

            let browser = try await server.signedIn(for: app)
            try await browser.open("/my")
            #expect(await browser.page.contains("The sandbox’s robot approved"))
        }
    }

    @Test func `the code is bound as ever: to its verifier, its redirect URI, its client`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (app, other) = (try await server.payingApp(), try await server.payingApp())
            for changes in [[(name: "code_verifier", value: String(repeating: "x", count: 43))], [(name: "redirect_uri", value: "https://other.example/cb")]] {
                let consent = try await server.lodge(app)
                _ = try await server.tellRobot(about: consent, app)
                let code = try await server.headless(server.authorizationURI(app, [server.details(consent), ("scope", "openid")]))
                #expect(try await server.redeem(code, by: app, changes).errorCode == "invalid_grant")
            }
            let consent = try await server.lodge(app)
            _ = try await server.tellRobot(about: consent, app)
            let code = try await server.headless(server.authorizationURI(app, [server.details(consent), ("scope", "openid")]))
            #expect(try await server.redeem(code, by: other).errorCode == "invalid_grant")
        }
    }

    @Test(arguments: Engine.available) func `rejects, and the consent is rejected`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let consent = try await server.lodge(app)
            _ = try await server.tellRobot("reject", about: consent, app)

            let answer = try await server.headless(server.authorizationURI(app, [server.details(consent), ("scope", "openid")]))

            #expect(answer.parameters["error"] == "access_denied" && answer.code == nil)
            #expect(try await server.consentStatus(consent, app) == "rejected")
        }
    }

    @Test(arguments: Engine.available) func `abandons, and the consent goes on waiting for a person or for the robot`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let consent = try await server.lodge(app)
            let uri = server.authorizationURI(app, [server.details(consent), ("scope", "openid")])
            _ = try await server.tellRobot("abandon", about: consent, app)

            let left = try await server.headless(uri)
            #expect(left.parameters["error"] == "access_denied")
            #expect(try await server.consentStatus(consent, app) == "awaiting_authorisation")

            // A wish is for one request: without another, a person is asked.
            #expect(try await server.headless(uri).location.hasPrefix("/oauth2/authorize/continue"))
            _ = try await server.tellRobot("reject", about: consent, app)
            _ = try await server.tellRobot("approve", about: consent, app)
            #expect(try await server.headless(uri).code != nil)
        }
    }

    @Test(arguments: Engine.available) func `picks the accounts it is told, of its customer's own`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let customers = try await server.call("/sandbox/v1/customers", token: server.appToken(app))
            customers.keeps("listSandboxCustomers")
            let found = customers.json["data"] as? [[String: Any]] ?? []
            #expect(found.compactMap { $0["customer"] as? String } == Persona.all.map(\.signInName))
            func accounts(_ name: String, _ status: String) -> [String] {
                (found.first { $0["customer"] as? String == name }?["accounts"] as? [[String: String]] ?? []).filter { $0["status"] == status }.compactMap {
                    $0["id"]
                }
            }
            let (open, locked, foreign) = (accounts("amina.traveler", "open"), accounts("amina.traveler", "locked"), accounts("brian.parent", "open"))

            let consent = try await server.lodge(app)
            _ = try await server.tellRobot(about: consent, app, accounts: [open[1]])
            _ = try await server.headless(server.authorizationURI(app, [server.details(consent), ("scope", "openid")]))
            #expect(try await server.consent(consent, app)["accounts"] as? [String] == [open[1]])

            let all = try await server.lodge(app)
            _ = try await server.tellRobot(about: all, app)
            _ = try await server.headless(server.authorizationURI(app, [server.details(all), ("scope", "openid")]))
            #expect(Set(try await server.consent(all, app)["accounts"] as? [String] ?? []) == Set(open))

            let next = try await server.lodge(app)
            let refusal = try await server.tellRobot(about: next, app, accounts: [open[0], foreign[0]])
            refusal.isRefused(.badRequest, .invalidRequest, rule: "account", by: "authoriseConsentAsCustomer")
            #expect(refusal.violations.first?["pointer"] == "/accounts/1")
            _ = try await server.tellRobot(about: next, app, accounts: [locked[0]])
            let answer = try await server.headless(server.authorizationURI(app, [server.details(next), ("scope", "openid")]))
            #expect(answer.parameters["error"] == "invalid_request" && answer.parameters["error_description"]?.contains("cannot be shared") == true)
            #expect(try await server.consentStatus(next, app) == "awaiting_authorisation")
        }
    }

    @Test(arguments: Engine.available) func `a pushed request of an app with credentials says what it decides, with plain scopes too`(engine: Engine)
        async throws
    {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()

            let pushed = try await server.push(app, [("sandbox_customer", "diana.student")])
            let authorization = try await server.headless(server.address(app, pushed: pushed))
            let tokens = try await server.redeem(authorization, by: app)
            #expect(tokens.status == .ok, "\(authorization.location) \(tokens.text)")
            let person = try await server.userinfo(tokens.json["access_token"] as? String ?? "")
            #expect(person.json["sub"] as? String == Persona.named("diana.student")?.personID(in: DemoWorld.organisation).rawValue)

            let denied = try await server.push(app, [("sandbox_customer", "diana.student"), ("sandbox_decision", "reject")])
            #expect(try await server.headless(server.address(app, pushed: denied)).parameters["error"] == "access_denied")
            // A pushed request is answered once.
            let again = try await server.get(server.address(app, pushed: denied))
            #expect(again.status == .badRequest && again.location == nil)
        }
    }

    @Test(arguments: [
        [("sandbox_customer", "nobody.here")], [("sandbox_customer", "amina.traveler"), ("sandbox_decision", "perhaps")],
        [("sandbox_customer", "amina.traveler"), ("sandbox_accounts", "acc/1")], [("sandbox_decision", "approve")],
    ]) func `a wish that cannot be read is refused where it is pushed`(parameters: [(String, String)]) async throws {
        try await TestServer.run(.sqlite) { server in
            let refusal = try await server.push(server.payingApp(), parameters.map { (name: $0.0, value: $0.1) })

            #expect(refusal.status == .badRequest && refusal.errorCode == "invalid_request", "\(refusal.text)")
        }
    }

    @Test func `an address tells the robot nothing, and an app without credentials neither`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            let answer = try await server.headless(server.authorizationURI(app, [("sandbox_customer", "amina.traveler")]))
            #expect(answer.code == nil && answer.parameters["error"] == "invalid_request")

            let native = try await server.register(.native, redirectURIs: ["com.example.app:/callback"])
            let pushed = try await server.push(native, [("sandbox_customer", "amina.traveler")])
            #expect(pushed.status == .badRequest && pushed.errorCode == "invalid_request", "\(pushed.text)")
        }
    }

    @Test func `a live app has no robot`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register(scopes: ScopeSet(Scope.allCases), environment: .live)
            let consent = try await server.lodge(app)
            let token = try await server.appToken(app)

            try await server.tellRobot(about: consent, app).isRefused(.forbidden, .sandboxOnly, rule: "route", by: "authoriseConsentAsCustomer")
            try await server.call("/sandbox/v1/consents/\(consent)/revocation", token: token, method: .post)
                .isRefused(.forbidden, .sandboxOnly, rule: "route", by: "revokeConsentAsCustomer")
            try await server.call("/sandbox/v1/customers", token: token).isRefused(.forbidden, .sandboxOnly, rule: "route", by: "listSandboxCustomers")
            try await server.call("/sandbox/v1/scenarios", token: token).isRefused(.forbidden, .sandboxOnly, rule: "route", by: "listScenarios")

            // Parameters that mean nothing are ignored (RFC 6749 §3.1): a person is asked.
            let pushed = try await server.push(app, [("sandbox_customer", "amina.traveler"), ("sandbox_decision", "perhaps")])
            #expect(pushed.status == .created, "\(pushed.text)")
            #expect(try await server.headless(server.address(app, pushed: pushed)).location.hasPrefix("/oauth2/authorize/continue"))
            #expect(
                try await server.headless(server.authorizationURI(app, [("sandbox_customer", "amina.traveler")])).location.hasPrefix(
                    "/oauth2/authorize/continue"))
            #expect(try await server.consentStatus(consent, app) == "awaiting_authorisation")
        }
    }

    @Test func `another app's consent looks like none`() async throws {
        try await TestServer.run(.sqlite) { server in
            let (app, other) = (try await server.payingApp(), try await server.payingApp())
            let consent = try await server.lodge(app)
            let (paid, _) = try await server.robotApproved(for: app)

            for id in [consent, "cns_unknown", "acc_1"] {
                try await server.tellRobot(about: id, other).isRefused(.notFound, .notFound, rule: "consent", by: "authoriseConsentAsCustomer")
            }
            try await server.call("/sandbox/v1/consents/\(paid)/revocation", token: server.appToken(other), method: .post)
                .isRefused(.notFound, .notFound, rule: "consent", by: "revokeConsentAsCustomer")
            #expect(try await server.consentStatus(paid, app) == "authorised")
        }
    }

    @Test(arguments: Engine.available) func `nobody who was registered is the robot's to play`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let grace = try await server.registeredCustomer()
            let consent = try await server.lodge(app)

            try await server.tellRobot(about: consent, app, customer: "grace.real")
                .isRefused(.badRequest, .invalidRequest, rule: "customer", by: "authoriseConsentAsCustomer")
            #expect(try await server.push(app, [("sandbox_customer", "grace.real")]).errorCode == "invalid_request")

            try await server.database.write { tx in
                let id = ConsentID(trusted: consent)
                _ = try Consents().authorise(
                    id, by: grace, accounts: [], grant: GrantID(trusted: "grt_grace"), at: server.clock.now, requestID: nil, in: tx)
            }
            try await server.call("/sandbox/v1/consents/\(consent)/revocation", token: server.appToken(app), method: .post)
                .isRefused(.forbidden, .sandboxOnly, rule: "customer", by: "revokeConsentAsCustomer")
            #expect(try await server.consentStatus(consent, app) == "authorised")
        }
    }

    @Test func `OpenID Connect Core §5-5-1 who would have to be another customer is told login_required, and nothing is decided`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            let consent = try await server.lodge(app)
            let diana = try #require(Persona.named("diana.student")).personID(in: DemoWorld.organisation).rawValue
            let asked: [(name: String, value: String)] = [server.details(consent), ("claims", #"{"id_token":{"sub":{"value":"\#(diana)"}}}"#)]

            for (decision, error) in [("approve", "login_required"), ("reject", "login_required"), ("abandon", "access_denied")] {
                let pushed = try await server.push(app, asked + [("sandbox_customer", "amina.traveler"), ("sandbox_decision", decision)])
                let answer = try await server.headless(server.address(app, pushed: pushed))
                #expect(answer.code == nil && answer.parameters["error"] == error, "\(decision) \(answer.location)")
            }

            let status = try await server.consentStatus(consent, app)
            let pushed = try await server.push(app, asked + [("sandbox_customer", "diana.student")])
            let answer = try await server.headless(server.address(app, pushed: pushed))

            #expect(status == "awaiting_authorisation")
            #expect(answer.code != nil, "\(answer.location)")
        }
    }

    @Test(arguments: Engine.available) func `a request for another customer leaves what the robot was told for the next one`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let consent = try await server.lodge(app)
            let diana = try #require(Persona.named("diana.student")).personID(in: DemoWorld.organisation).rawValue
            let asked: [(name: String, value: String)] = [server.details(consent), ("scope", "openid")]
            _ = try await server.tellRobot(about: consent, app)

            let other = try await server.headless(server.authorizationURI(app, asked + [("claims", #"{"id_token":{"sub":{"value":"\#(diana)"}}}"#)]))
            let next = try await server.headless(server.authorizationURI(app, asked))

            #expect(other.code == nil && other.parameters["error"] == "login_required", "\(other.location)")
            #expect(next.code != nil, "\(next.location)")
        }
    }

    @Test func `a world without customers has no robot`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register(scopes: ScopeSet(Scope.allCases), world: nil)
            let consent = try await server.lodge(app)

            try await server.tellRobot(about: consent, app).isRefused(.badRequest, .invalidRequest, rule: "customer", by: "authoriseConsentAsCustomer")
            let pushed = try await server.push(app, [("sandbox_customer", "amina.traveler")])
            #expect(try await server.headless(server.address(app, pushed: pushed)).parameters["error"] == "invalid_request")
        }
    }

    @Test(arguments: Engine.available) func `withdraws as the customer, and the next call is refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (consent, token) = try await server.robotApproved(for: app)
            let own = try await server.appToken(app)
            let waiting = try await server.lodge(app)

            let withdrawn = try await server.call("/sandbox/v1/consents/\(consent)/revocation", token: own, method: .post)
            let again = try await server.call("/sandbox/v1/consents/\(consent)/revocation", token: own, method: .post)
            try await server.settle()

            withdrawn.keeps("revokeConsentAsCustomer")
            #expect(withdrawn.json["status_reason"] as? String == "robot_withdrew" && withdrawn.json["status_actor"] as? String == "customer")
            #expect(again.status == .ok && again.text == withdrawn.text)
            try await server.pay(under: consent, token: token).isRefused(.forbidden, .consentRevoked, rule: "consent_state", by: "createPayment")
            try await server.call("/sandbox/v1/consents/\(waiting)/revocation", token: own, method: .post)
                .isRefused(.unprocessableContent, .consentStateConflict, rule: "consent_state", by: "revokeConsentAsCustomer")
        }
    }

    @Test func `a consent that is decided waits for no robot`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            let (consent, _) = try await server.robotApproved(for: app)

            try await server.tellRobot("reject", about: consent, app)
                .isRefused(.unprocessableContent, .consentStateConflict, rule: "consent_state", by: "authoriseConsentAsCustomer")
        }
    }

    @Test func `counts as having both factors, where the customer has a second one too`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            _ = try await server.enrolled(.customer)

            let essential = #"{"id_token":{"acr":{"essential":true,"values":["urn:wekeza:acr:2"]}}}"#
            let pushed = try await server.push(app, [("sandbox_customer", "amina.traveler"), ("prompt", "login"), ("claims", essential)])
            let tokens = try await server.redeem(server.headless(server.address(app, pushed: pushed)), by: app)
            let (consent, token) = try await server.robotApproved(for: app)

            #expect(try await server.claims(tokens.json["id_token"] as? String)?["acr"]?.string == "urn:wekeza:acr:2", "\(tokens.text)")
            #expect(try await server.pay(under: consent, token: token).status == .created)
        }
    }

    @Test(arguments: Engine.available) func `20 requests at once: one code`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            for _ in 0..<5 {
                let consent = try await server.lodge(app)
                _ = try await server.tellRobot(about: consent, app)
                let uri = server.authorizationURI(app, [server.details(consent), ("scope", "openid")])

                let codes = try await withThrowingTaskGroup(of: String?.self) { group in
                    for _ in 0..<20 { group.addTask { try await server.headless(uri).code } }
                    return try await group.reduce(into: []) { if let code = $1 { $0.append(code) } }
                }

                #expect(codes.count == 1)
            }
        }
    }

    @Test func `the app's own token is asked for, with the scope of its consents`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            let consent = try await server.lodge(app)
            let body = #"{"customer":"amina.traveler","decision":"approve"}"#
            let path = "/sandbox/v1/consents/\(consent)/authorisation"

            try await server.call(path, token: server.paymentsToken(app), method: .post, json: body)
                .isRefused(.forbidden, .insufficientScope, rule: "scope", by: "authoriseConsentAsCustomer")
            try await server.post(path, json: body).isRefused(.unauthorized, .missingToken, by: "authoriseConsentAsCustomer")
            try await server.call(path, token: server.appToken(app), method: .post, json: #"{"customer":"amina.traveler","decision":"perhaps"}"#)
                .isRefused(.badRequest, .invalidRequest, by: "authoriseConsentAsCustomer")
        }
    }
}
