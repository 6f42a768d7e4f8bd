import AsyncHTTPClient
import Demo
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Pages
import Primitives
import Synchronization
import TestSupport
import Testing
import Web

@Suite("Financial Copilot · payments whose answers are lost")
struct LostAnswerTests {
    @Test(arguments: ForgetfulBank.Loss.allCases)
    func `a payment without an answer is kept behind the callback, and sent again with its key`(loss: ForgetfulBank.Loss) async throws {
        let bank = ForgetfulBank(loss)
        try await bank.run { client, address async throws in
            var visitor = Visitor(client: client)
            let callback = try await visitor.approve(at: address)

            let returned = try await visitor.send(.get, callback)
            #expect(returned.status == .seeOther && returned.location == "/demo/payment?watch=yes")
            let reloaded = try await visitor.send(.get, callback)
            #expect(reloaded.status == .badRequest && reloaded.text.contains("We do not know this answer"))
            let lost = try await visitor.send(.get, "/demo/payment")
            #expect(lost.status == .ok && lost.text.contains("We do not know whether it was paid"))

            let lostAgain = try await visitor.send(.post, "/demo/payment/again")
            #expect(lostAgain.status == .seeOther)
            bank.recover()
            try await visitor.send(.post, "/demo/payment/again")
            let paid = try await visitor.send(.get, "/demo/payment")
            #expect(paid.text.contains("Kenya Power is paid"))
            #expect(bank.keys.count == 3 && Set(bank.keys).count == 1)
        }
    }
}

/// A bank that takes payments, and does not say so until it recovers.
final class ForgetfulBank: Sendable {
    enum Loss: CaseIterable {
        case cutOff, unreadable
        /// The request before it is still under way.
        case inFlight
    }

    private struct CutOff: Error {}

    private let loss: Mutex<Loss?>
    private let seen = Mutex<[String]>([])

    init(_ loss: Loss) { self.loss = Mutex(loss) }

    /// The idempotency keys of the payments, in the order in which they came.
    var keys: [String] { seen.withLock { $0 } }
    func recover() { loss.withLock { $0 = nil } }

    /// Runs the body with Financial Copilot as this bank's partner, and the bank's address.
    func run(_ body: @escaping @Sendable (any TestClientProtocol, String) async throws -> Void) async throws {
        try await Application(router: routes, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: .quiet).test(.live) {
            bank async throws in
            let port = try #require(bank.port)
            let issuer = try #require(Issuer("http://127.0.0.1:\(port)"))
            let routes = Routes([RequestIdentity(issuer: issuer, clock: ManualClock(), randomness: SystemRandom())])
            try Self.copilot(of: issuer).add(to: routes)
            try await Application(responder: routes.buildResponder(), logger: .quiet).test(.router) { client async throws in
                try await body(client, issuer.text)
            }
        }
    }

    private static func copilot(of issuer: Issuer) throws -> DemoPages {
        let templates = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../templates").path
        return DemoPages(
            pages: PageRenderer(templates: try Templates(directory: templates)), cookies: CookiePolicy(secure: false), rootKey: .test,
            randomness: SystemRandom(), issuer: issuer, clientID: "copilot", clientSecret: Secret("secret"), http: .shared, mailbox: nil,
            phones: { _ in [] })
    }

    private var routes: Router<BasicRequestContext> {
        let router = Router()
        router.get("/.well-known/openid-configuration") { request, _ -> Response in
            let issuer = Self.issuer(request)
            let endpoints = ["authorization", "token", "revocation", "userinfo"].map { #""\#($0)_endpoint":"\#(issuer)/\#($0)""# }
            return Self.json(#"{"issuer":"\#(issuer)",\#(endpoints.joined(separator: ","))}"#)
        }
        router.post("/token") { request, _ -> Response in
            let form = Web.Parameters(urlEncoded: String(buffer: try await request.body.collect(upTo: 4096)))
            // Whoever approves brings the nonce as the code.
            let claims = #"{"iss":"\#(Self.issuer(request))","sub":"usr_1","aud":"copilot","exp":4000000000,"nonce":"\#(form?["code"] ?? "")"}"#
            return Self.json(#"{"access_token":"token","expires_in":300,"id_token":"e30.\#(Base64URL.encode(Array(claims.utf8))).sig"}"#)
        }
        router.post("/v1/consents") { _, _ in Self.json(#"{"id":"cns_1"}"#, .created) }
        router.post("/v1/payments") { [self] request, _ in pay(request) }
        router.get("/v1/payments/pay_1") { _, _ in Self.json(Self.payment) }
        return router
    }

    private func pay(_ request: Request) -> Response {
        seen.withLock { $0.append(request.headers[Self.idempotencyKey] ?? "") }
        return switch loss.withLock({ $0 }) {
        case .cutOff: Response(status: .created, body: ResponseBody { _ in throw CutOff() })
        case .unreadable: Self.json("{", .created)
        case .inFlight: Self.json(#"{"code":"idempotency_in_flight"}"#, .conflict)
        case nil: Self.json(Self.payment, .created)
        }
    }

    private static let payment = #"{"id":"pay_1","status":"settled","status_code":"ACSC","timeline":[]}"#
    private static let idempotencyKey = HTTPField.Name("Idempotency-Key")!  // a valid name

    private static func issuer(_ request: Request) -> String { "http://\(request.head.authority ?? "")" }

    private static func json(_ text: String, _ status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

/// Somebody's browser at Financial Copilot: it keeps cookies, and goes where the test says.
private struct Visitor {
    let client: any TestClientProtocol
    private var cookies: [String: String] = [:]

    init(client: any TestClientProtocol) { self.client = client }

    /// Asks to pay a bill, and approves it at the bank.
    /// - Returns: where the bank sends the browser.
    mutating func approve(at bank: String) async throws -> String {
        let sent = try await send(.post, "/demo/pay", body: "bill=power")
        let query = sent.location?.split(separator: "?", maxSplits: 1).last.flatMap { Web.Parameters(urlEncoded: String($0)) }
        let asked = try #require(query)
        let answer = Web.Parameters([("state", asked["state"] ?? ""), ("code", asked["nonce"] ?? ""), ("iss", bank)])
        return "/demo/callback?\(answer.urlEncoded)"
    }

    @discardableResult
    mutating func send(_ method: HTTPRequest.Method, _ uri: String, body: String? = nil) async throws -> TestResponse {
        var headers: HTTPFields = [.cookie: cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")]
        if body != nil { headers[.contentType] = "application/x-www-form-urlencoded" }
        let response = try await client.executeRequest(uri: uri, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
        for field in response.headers[values: .setCookie] {
            let pair = field.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
            cookies[String(pair[0])] = pair.count == 2 ? String(pair[1]) : nil
        }
        return response
    }
}
