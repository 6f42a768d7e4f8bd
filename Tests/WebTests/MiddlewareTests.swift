import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Primitives
import TestSupport
import Testing
import Web

private let csp = HTTPField.Name("Content-Security-Policy")!
private let hsts = HTTPField.Name("Strict-Transport-Security")!

@Suite("What every answer carries")
struct MiddlewareTests {
    @Test func `a request id of our own and an interaction id`() async throws {
        try await serve { client in
            let response = try await client.execute(uri: "/ok", method: .get, headers: [.requestID: "req_planted"])

            #expect(response.headers[.requestID]?.hasPrefix("req_") == true)
            #expect(response.headers[.requestID] != "req_planted")
            #expect(response.headers[.interactionID]?.count == 36)
        }
    }

    @Test func `an interaction id that is a UUID is echoed as it was spelled`() async throws {
        try await serve { client in
            let response = try await client.execute(uri: "/ok", method: .get, headers: [.interactionID: "93BAC548-D2DE-4546-B106-880A5018460D"])

            #expect(response.headers[.interactionID] == "93BAC548-D2DE-4546-B106-880A5018460D")
        }
    }

    @Test(arguments: [
        "", "1", "93bac548d2de4546b106880a5018460d", "93bac548-d2de-4546-b106-880a5018460", "93bac548-d2de-4546-b106-880a5018460dd",
        "g3bac548-d2de-4546-b106-880a5018460d", "93bac548-d2de-4546-b106_880a5018460d", "{93bac548-d2de-4546-b106-880a5018460d}",
    ])
    func `what is no UUID is replaced by one`(sent: String) async throws {
        try await serve { client in
            let response = try await client.execute(uri: "/ok", method: .get, headers: [.interactionID: sent])

            let echoed = try #require(response.headers[.interactionID])
            #expect(echoed != sent)
            #expect(UUID(uuidString: echoed)?.uuidString.lowercased() == echoed)
        }
    }

    @Test(arguments: [("/problem", 403), ("/nothing", 404), ("/storage", 503), ("/bug", 500)])
    func `errors are problems, with both ids and the security headers`(path: String, status: Int) async throws {
        try await serve { client in
            let response = try await client.execute(uri: path, method: .get, headers: [.interactionID: "93bac548-d2de-4546-b106-880a5018460d"])
            let problem = try JSONDecoder().decode(Answered.self, from: Data(response.body.readableBytesView))

            #expect(response.status.code == status)
            #expect(response.headers[.contentType] == "application/problem+json")
            #expect(response.headers[.cacheControl] == "no-store")
            #expect(response.headers[.interactionID] == "93bac548-d2de-4546-b106-880a5018460d")
            #expect(response.headers[.xContentTypeOptions] == "nosniff")
            #expect(problem.request_id == response.headers[.requestID])
            #expect(problem.status == status)
            #expect(problem.type == "https://bank.example/docs/errors/\(problem.code)")
        }
    }

    @Test func `a database that does not answer asks to come back`() async throws {
        try await serve { client in
            let response = try await client.execute(uri: "/storage", method: .get)

            #expect(response.headers[.retryAfter] == "1")
            #expect(!String(buffer: response.body).contains("disk"))
        }
    }

    @Test func `an unexpected error tells nothing of itself`() async throws {
        try await serve { client in
            let response = try await client.execute(uri: "/bug", method: .get)

            #expect(!String(buffer: response.body).contains("Bug"))
        }
    }

    @Test func `the security headers of a page`() async throws {
        try await serve { client in
            let headers = try await client.execute(uri: "/ok", method: .get).headers

            #expect(headers[csp]?.contains("unsafe") == false)
            #expect(headers[csp]?.contains("frame-ancestors 'none'") == true)
            #expect(headers[csp]?.contains("form-action 'self';") == true)
            #expect(headers[.xContentTypeOptions] == "nosniff")
            #expect(headers[.referrerPolicy] == "no-referrer")
            #expect(headers[hsts] == "max-age=63072000; includeSubDomains")
        }
    }

    @Test func `a handler's own policy stays`() async throws {
        try await serve { client in
            let policy = try await client.execute(uri: "/policy", method: .get).headers[csp]

            #expect(policy?.contains("form-action 'self' https://app.example;") == true)
        }
    }

    @Test func `plain HTTP does not promise TLS`() async throws {
        try await serve(secure: false) { client in
            let headers = try await client.execute(uri: "/ok", method: .get).headers

            #expect(headers[hsts] == nil)
        }
    }

    @Test(arguments: [
        ("application/x-www-form-urlencoded", "a=1", 200), ("application/x-www-form-urlencoded; charset=UTF-8", "a=1", 200), ("application/json", "a=1", 415),
        ("", "a=1", 415), ("application/x-www-form-urlencoded", "a=%", 400),
    ])
    func `a form is read from a form only`(type: String, body: String, status: Int) async throws {
        try await serve { client in
            let response = try await client.execute(uri: "/form", method: .post, headers: [.contentType: type], body: ByteBuffer(string: body))

            #expect(response.status.code == status)
        }
    }

    @Test func `a body beyond the limit is refused`() async throws {
        try await serve { client in
            let response = try await client.execute(
                uri: "/form", method: .post, headers: [.contentType: "application/x-www-form-urlencoded"],
                body: ByteBuffer(string: "a=" + String(repeating: "x", count: 1 << 20)))

            #expect(response.status == .contentTooLarge)
        }
    }

    @Test func `each code of the catalogue has words`() {
        for code in ErrorCode.allCases {
            #expect(!code.title.isEmpty)
            #expect(!code.advice.isEmpty)
            #expect(code.status.code >= 400)
        }
    }

    private struct Answered: Decodable {
        let type, code, request_id: String
        let status: Int
    }

    private struct Bug: Error {}

    private struct Down: Unavailability, CustomStringConvertible {
        var isUnavailable: Bool { true }
        var description: String { "disk full" }
    }

    private func serve(secure: Bool = true, _ test: @escaping @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        let routes = Routes([
            SecurityHeaders(secure: secure),
            RequestIdentity(issuer: Issuer("https://bank.example")!, clock: ManualClock(), randomness: SeededRandom()),
        ])
        routes.get("/ok") { _, _ in Response.html(Array("<p>ok</p>".utf8)) }
        routes.get("/problem") { _, _ -> Response in throw Problem(.forbidden, "Not yours.") }
        routes.get("/storage") { _, _ -> Response in throw Down() }
        routes.get("/bug") { _, _ -> Response in throw Bug() }
        routes.get("/policy") { _, _ in
            var response = Response.html([])
            response.headers[csp] = SecurityHeaders.contentSecurityPolicy(formTargets: ["https://app.example"])
            return response
        }
        routes.post("/form") { request, context -> Response in
            do {
                return Response.text(try await request.form(context: context)["a"] ?? "")
            } catch let error as FormError {
                return Response(status: error == .malformed ? .badRequest : .unsupportedMediaType)
            }
        }
        try await Application(router: routes).test(.router, test)
    }
}
