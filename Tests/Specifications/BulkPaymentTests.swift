import Applications
import Consents
import Foundation
import Gateway
import HTTPTypes
import HummingbirdTesting
import OAuth
import Payments
import Primitives
import Storage
import Synchronization
import TestSupport
import Testing
import Web

@Suite("Bulk payments over HTTP")
struct BulkPaymentTests {
    @Test(arguments: Engine.available) func `a customer approves number, sum and every payee, and the app has the file carried out`(engine: Engine) async throws
    {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let uploaded = try await server.upload(BulkFile().text, app)
            #expect(uploaded.status == .created, "\(uploaded.text)")
            uploaded.keeps("createBulkPayment")
            #expect(uploaded.json["status"] as? String == "awaiting_authorisation" && uploaded.json["count"] as? Int == 2)
            let (id, consent) = (uploaded.json["id"] as? String ?? "", uploaded.json["consent_id"] as? String ?? "")

            let browser = TestBrowser(server)
            try await browser.open(server.authorizationURI(app, server.detail(consent)))
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            let page = await browser.page
            for text in [
                "asks to make 2 payments of KES 300.00 in all", "Kenya Power", "KPLC-882-001", "KES 100.00", "Salary 1", "Nairobi Water", "NWSC-119-204",
                "KES 200.00",
                "Which account pays?",
            ] { #expect(page.contains(text), "\(text)") }
            let authorization = try await server.authorize(app, server.detail(consent), browser: browser)
            let answer = try await server.redeem(authorization, by: app)
            #expect(answer.json["scope"] as? String == "openid payments.write")
            #expect(try await server.bulk(id, app).timeline == ["awaiting_authorisation", "authorised"])

            let executed = try await server.execute(id, token: answer.json["access_token"] as? String ?? "")
            #expect(executed.status == .ok, "\(executed.text)")
            executed.keeps("executeBulkPayment")
            #expect(executed.json["status"] as? String == "accepted" && executed.json["status_code"] as? String == "ACSP")
            #expect(try await server.consentStatus(consent, app) == "consumed")

            server.clock.advance(by: .seconds(6))
            while try await server.database.write({ try BulkPaymentBooks().settleNext(at: server.clock.now, in: $0) }) {}
            let read = try await server.bulk(id, app)
            read.keeps("getBulkPayment")
            #expect(read.timeline == ["awaiting_authorisation", "authorised", "received", "accepted", "settled"])
            let lines = try await server.call("/v1/bulk-payments/\(id)/payments?limit=1", token: server.paymentsToken(app))
            lines.keeps("listBulkPaymentLines")
            #expect((lines.json["data"] as? [[String: Any]])?.map { $0["status"] as? String } == ["settled"])
            let next = (lines.json["links"] as? [String: String])?["next"]?.replacingOccurrences(of: TestServer.issuer.text, with: "") ?? ""
            let rest = try await server.call(next, token: server.paymentsToken(app))
            #expect((rest.json["data"] as? [[String: Any]])?.map { $0["number"] as? Int } == [2])
            #expect((rest.json["links"] as? [String: String])?["next"] == nil)
        }
    }

    @Test(arguments: Engine.available) func `a file of pain.001 goes the same way, from the account that it names`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let uploaded = try await server.upload(Self.pain001(debtor: "0000-000000", on: server.clock.now), app, type: "application/xml; charset=utf-8")
            #expect(uploaded.status == .created, "\(uploaded.text)")
            uploaded.keeps("createBulkPayment")
            #expect(uploaded.json["format"] as? String == "pain.001.001.09" && uploaded.json["reference"] as? String == "SALARIES-11")

            let consent = uploaded.json["consent_id"] as? String ?? ""
            let lodged = try await server.call("/v1/consents/\(consent)", token: server.appToken(app))
            lodged.keeps("getConsent")
            #expect((lodged.json["bulk_payment"] as? [String: Any])?["digest"] as? String == uploaded.json["digest"] as? String)
            let browser = TestBrowser(server)
            try await browser.open(server.authorizationURI(app, server.detail(consent)))
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            let page = await browser.page
            #expect(page.contains("None of your accounts can pay this"))
        }
    }

    @Test(arguments: [
        (#"{"count":2"#, #"{"count":3"#, "/lines/1/count", "count"), (#""amount":"300.00""#, #""amount":"300.01""#, "/lines/1/total/amount", "total"),
        (#""reference":"Salary 2""#, #""reference":"Salary 2","reference":"Another""#, "/lines/3", "well_formed"),
        (#""account":"NWSC-119-204""#, #""account":"?""#, "/lines/3/creditor/account", "account"),
        (#""currency":"KES"},"creditor":{"name":"Nairobi"#, #""currency":"USD"},"creditor":{"name":"Nairobi"#, "/lines/3/amount/currency", "one_currency"),
    ])
    func `a file with a fault is refused by line, member and rule, and nothing of it is kept`(part: String, put: String, pointer: String, rule: String)
        async throws
    {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()

            let refusal = try await server.upload(BulkFile().text.replacingOccurrences(of: part, with: put), app)

            refusal.isRefused(.badRequest, rule == "well_formed" ? .malformedBody : .invalidRequest, rule: rule, by: "createBulkPayment")
            #expect(refusal.violations.first?["pointer"] == pointer)
            #expect(try await server.bulks(app).isEmpty)
            #expect(try await Self.consents(of: app, server) == 0)
        }
    }

    @Test(arguments: [
        "<!DOCTYPE Document [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]>",
        "<!DOCTYPE Document SYSTEM \"file:///etc/passwd\">", "<!DOCTYPE Document>",
    ])
    func `entity bombs and document types are refused before anything of them is read`(prolog: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            let text = prolog + Self.pain001(debtor: "0000-000000", on: server.clock.now).replacingOccurrences(of: "Salary 1", with: "&c;")

            try await server.upload(text, app, type: "application/xml").isRefused(.badRequest, .malformedBody, rule: "well_formed", by: "createBulkPayment")
            #expect(try await server.bulks(app).isEmpty)
        }
    }

    @Test func `10 MiB are read, and a byte more is not`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            let file = BulkFile().text + "\n"

            let most = file + String(repeating: " ", count: (10 << 20) - file.utf8.count)
            try await server.upload(most, app).isRefused(.badRequest, .malformedBody, rule: "well_formed", by: "createBulkPayment")
            try await server.upload(most + " ", app).isRefused(.contentTooLarge, .bodyTooLarge, rule: "request", by: "createBulkPayment")
            // Other operations take no more than before.
            let large = #"{"type":"payment","payment":{"reference":"\#(String(repeating: "x", count: 1 << 20))"}}"#
            try await server.call("/v1/consents", token: server.appToken(app), method: .post, json: large)
                .isRefused(.contentTooLarge, .bodyTooLarge, rule: "request", by: "createConsent")
        }
    }

    @Test func `two large files of one organisation are read at once, and what is refused by its head takes no place`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            let sibling = try await server.sibling(of: app, scopes: ScopeSet(Scope.allCases))
            let token = try await server.paymentsToken(app)
            let tokens = (sibling: try await server.paymentsToken(sibling), other: try await server.paymentsToken(try await server.payingApp()))
            let reading = try await server.appToken(app)
            let large = String(repeating: " ", count: (1 << 20) + 1)
            let arrivals = Mutex(0)
            let (gate, arrived) = (Gate(), [Gate(), Gate(), Gate()])
            let bank = ScriptedUpstream { call in
                guard (call.http.body?.count ?? 0) > 1 << 20 else { return UpstreamAnswer(status: .created) }
                let place = arrivals.withLock { count in
                    count += 1
                    return count - 1
                }
                arrived[place].open()
                await gate.wait()
                return UpstreamAnswer(status: .created)
            }
            try await server.behindGateway(bank) { gateway in
                async let first = gateway.upload(large, token: token)
                await arrived[0].wait()
                async let second = gateway.upload(large, token: tokens.sibling)
                await arrived[1].wait()

                let third = try await gateway.upload(large, token: token)
                async let others = gateway.upload(large, token: tokens.other)
                await arrived[2].wait()
                let small = try await gateway.upload("{}", token: token)
                let byHead = [
                    try await gateway.upload(large, token: token, key: nil), try await gateway.upload(large, token: token, type: "text/plain"),
                    try await gateway.upload(large + String(repeating: " ", count: 10 << 20), token: token), try await gateway.upload(large, token: reading),
                ]
                gate.open()

                third.isRefused(.serviceUnavailable, .temporarilyUnavailable, by: "createBulkPayment")
                #expect(third.headers[.retryAfter] == "1")
                #expect(small.status == .created)
                #expect(byHead.map(\.status) == [.badRequest, .unsupportedMediaType, .contentTooLarge, .forbidden])
                let read = try await [first, second, others]
                #expect(read.map(\.status) == [.created, .created, .created])
            }
        }
    }

    @Test func `a file of another media type, compressed, or without a key is refused`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()

            for type in ["application/json", "text/plain", "application/xmlx", ""] {
                try await server.upload(BulkFile().text, app, type: type)
                    .isRefused(.unsupportedMediaType, .unsupportedMediaType, rule: "request", by: "createBulkPayment")
            }
            try await server.upload(BulkFile().text, app, key: nil).isRefused(.badRequest, .invalidIdempotencyKey, by: "createBulkPayment")
            try await server.upload(BulkFile().text, app, type: "application/xml").isRefused(.badRequest, .malformedBody, by: "createBulkPayment")
            let coded: HTTPFields = [
                .authorization: "Bearer \(try await server.paymentsToken(app))", .contentType: "application/x-ndjson", .contentEncoding: "gzip",
                .idempotencyKey: "k",
            ]
            try await server.send(.post, "/v1/bulk-payments", headers: coded, body: BulkFile().text)
                .isRefused(.unsupportedMediaType, .unsupportedMediaType, rule: "request", by: "createBulkPayment")
            #expect(try await server.bulks(app).isEmpty)
        }
    }

    @Test(arguments: Engine.available) func `the same key and bytes is the same file, and one byte more is another`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()

            let first = try await server.upload(BulkFile().text, app, key: "once")
            let again = try await server.upload(BulkFile().text, app, key: "once")
            #expect(first.status == .created && again.text == first.text && again.headers[.idempotencyReplayed] == "true")
            try await server.upload(BulkFile().text + "\n", app, key: "once")
                .isRefused(.unprocessableContent, .idempotencyKeyReused, by: "createBulkPayment")
            #expect(try await server.bulks(app).count == 1)
        }
    }

    @Test(arguments: Engine.available) func `carried out once: the same key is answered again, another finds the consent used up`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (id, _, token) = try await server.approved(BulkFile(), for: app)

            let first = try await server.execute(id, token: token, key: "once")
            let again = try await server.execute(id, token: token, key: "once")

            #expect(first.status == .ok && again.text == first.text && again.headers[.idempotencyReplayed] == "true", "\(again.text)")
            try await server.execute(id, token: token, key: "twice").isRefused(.forbidden, .consentConsumed, rule: "consent_state", by: "executeBulkPayment")
            // What the path names is part of the request.
            let (other, _, second) = try await server.approved(BulkFile(), for: app)
            try await server.execute(other, token: second, key: "once").isRefused(.unprocessableContent, .idempotencyKeyReused, by: "executeBulkPayment")
        }
    }

    @Test(arguments: Engine.available) func `20 copies at once: paid once, and every 200 is the same`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (id, _, token) = try await server.approved(BulkFile(), for: app)

            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<20 { group.addTask { try await server.execute(id, token: token, key: "once") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(answers.allSatisfy { [.ok, .conflict].contains($0.status) })
            #expect(Set(answers.filter { $0.status == .ok }.map(\.text)).count == 1)
            #expect(try await server.bulk(id, app).timeline == ["awaiting_authorisation", "authorised", "received", "accepted"])
        }
    }

    @Test(arguments: Engine.available) func `another app sees no file, and a token carries out its own alone`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let (app, other) = (try await server.payingApp(), try await server.payingApp())
            let (id, consent, token) = try await server.approved(BulkFile(), for: app)
            let (own, _, foreign) = try await server.approved(BulkFile(), for: other)

            for address in ["/v1/bulk-payments/\(id)", "/v1/bulk-payments/\(id)/payments"] {
                let operation = address.hasSuffix("payments") ? "listBulkPaymentLines" : "getBulkPayment"
                try await server.call(address, token: server.paymentsToken(other)).isRefused(.notFound, .notFound, rule: "bulk_payment", by: operation)
            }
            try await server.execute(id, token: foreign).isRefused(.notFound, .notFound, by: "executeBulkPayment")
            let (second, _, _) = try await server.approved(BulkFile(), for: app)
            try await server.execute(second, token: token).isRefused(.forbidden, .consentRequired, rule: "consent", by: "executeBulkPayment")
            try await server.execute("blk_none", token: token).isRefused(.notFound, .notFound, by: "executeBulkPayment")
            try await server.execute(id, token: server.paymentsToken(app)).isRefused(.forbidden, .consentRequired, by: "executeBulkPayment")
            #expect(try await server.consentStatus(consent, app) == "authorised")
            #expect(try await server.bulk(own, other).json["status"] as? String == "authorised")
        }
    }

    @Test(arguments: Engine.available) func `more than there is: 422, and the consent stays`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let file = BulkFile(payments: [Bill(amount: "9999999999.00"), Bill(amount: "1.00")], total: "10000000000.00")
            let (id, consent, token) = try await server.approved(file, for: app)

            try await server.execute(id, token: token).isRefused(.unprocessableContent, .insufficientFunds, rule: "funds", by: "executeBulkPayment")
            #expect(try await server.consentStatus(consent, app) == "authorised")
            #expect(try await server.bulk(id, app).json["status"] as? String == "authorised")
        }
    }

    @Test(arguments: Engine.available) func `a withdrawn consent ends the file, and the clock ends one that nobody approves`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.payingApp()
            let (id, consent, token) = try await server.approved(BulkFile(), for: app)
            _ = try await server.send(.delete, "/v1/consents/\(consent)", headers: [.authorization: "Bearer \(try await server.appToken(app))"])
            try await server.settle()
            try await server.execute(id, token: token).isRefused(.forbidden, .consentRevoked, by: "executeBulkPayment")
            let ended = try await server.bulk(id, app)
            ended.keeps("getBulkPayment")
            #expect(ended.json["status"] as? String == "revoked" && ended.json["status_code"] as? String == "RJCT")

            let waiting = try await server.upload(BulkFile().text, app).json["id"] as? String ?? ""
            server.clock.advance(by: .hours(24))
            let expired = try await server.bulk(waiting, app)
            expired.keeps("getBulkPayment")
            #expect(expired.timeline == ["awaiting_authorisation", "expired"])
        }
    }

    @Test func `a consent for a file is lodged by its upload alone`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            let json = #"{"type":"bulk_payment","bulk_payment":{"id":"blk_1","count":1,"total":{"amount":"1.00","currency":"KES"},"digest":"x"}}"#

            try await server.call("/v1/consents", token: server.appToken(app), method: .post, json: json).isRefused(
                .badRequest, .invalidRequest, by: "createConsent")
        }
    }

    @Test func `a live bank is given no file, whose consent it could not lodge`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register(scopes: ScopeSet(Scope.allCases), environment: .live)
            let token = try await server.paymentsToken(app)

            try await server.behindGateway(
                ScriptedUpstream { call in
                    Issue.record("\(call.operation) was forwarded")
                    return .noContent
                }
            ) { gateway in
                try await gateway.upload(BulkFile().text, token: token).isRefused(.serviceUnavailable, .noUpstream, rule: "route", by: "createBulkPayment")
            }
        }
    }

    @Test func `all payees of a long file stand on pages of their own, for its customer alone`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.payingApp()
            let file = BulkFile(payments: (1...150).map { Bill(amount: "2.00", name: "Payee \($0)", reference: "Salary \($0)") })
            let uploaded = try await server.upload(file.text, app)
            let consent = uploaded.json["consent_id"] as? String ?? ""
            let browser = TestBrowser(server)
            try await browser.open(server.authorizationURI(app, server.detail(consent)))
            try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
            let question = await browser.page
            #expect(question.contains("Payee 10<") && !question.contains("Payee 11<") && question.contains("All 150 payments"))

            let link = try #require(Self.link(to: "/oauth2/authorize/payees", in: question))
            try await browser.open(link)
            let first = await browser.page
            #expect(first.contains("Payee 100<") && !first.contains("Payee 101<"))
            try await browser.open(try #require(Self.link(to: "/oauth2/authorize/payees", in: first)))
            let second = await browser.page
            #expect(second.contains("Payee 101<") && second.contains("Payee 150<"))

            let stranger = TestBrowser(server)
            try await stranger.open(link)
            let other = await stranger.page
            #expect(!other.contains("Payee"))
        }
    }

    private static func link(to address: String, in page: String) -> String? {
        page.components(separatedBy: "href=\"").dropFirst().compactMap { $0.components(separatedBy: "\"").first }.last { $0.hasPrefix(address) }?
            .replacingOccurrences(of: "&amp;", with: "&")
    }

    private static func consents(of app: TestApp, _ server: TestServer) async throws -> Int {
        try await server.database.read { try Consents().list(ofApp: app.app.id, in: $0).count }
    }

    private static func pain001(debtor: String, on day: Timestamp) -> String {
        """
        <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
        <GrpHdr><MsgId>SALARIES-11</MsgId><CreDtTm>\(day.rfc3339)</CreDtTm><NbOfTxs>1</NbOfTxs><CtrlSum>100.00</CtrlSum><InitgPty><Nm>Acme</Nm></InitgPty></GrpHdr>
        <PmtInf><PmtInfId>P-1</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>\(day.date)</Dt></ReqdExctnDt><Dbtr><Nm>Amina</Nm></Dbtr>
        <DbtrAcct><Id><Othr><Id>\(debtor)</Id></Othr></Id></DbtrAcct><DbtrAgt><FinInstnId><BICFI>WEKEKENA</BICFI></FinInstnId></DbtrAgt>
        <CdtTrfTxInf><PmtId><EndToEndId>E2E-1</EndToEndId></PmtId><Amt><InstdAmt Ccy="KES">100.00</InstdAmt></Amt><Cdtr><Nm>Kenya Power</Nm></Cdtr>
        <CdtrAcct><Id><Othr><Id>KPLC-882-001</Id></Othr></Id></CdtrAcct><RmtInf><Ustrd>Salary 1</Ustrd></RmtInf></CdtTrfTxInf></PmtInf>
        </CstmrCdtTrfInitn></Document>
        """
    }
}
