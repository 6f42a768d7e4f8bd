import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Primitives
import TestSupport
import Testing
import Web

@Suite("Refusals outside of handlers")
struct RefusalWordingTests {
    @Test(arguments: ["PUT", "TRACE", "PROPFIND", "BREW"])
    func `RFC 9110 §15.5.6 a method that an address does not take is 405 with those that it takes`(method: String) async throws {
        try await serve { client in
            let response = try await client.execute(uri: "/things/7", method: try #require(HTTPRequest.Method(method)))

            #expect(response.status == .methodNotAllowed)
            #expect(response.headers[.allow] == "DELETE, GET, HEAD")
        }
    }

    @Test func `an unknown address is 404, whatever the method`() async throws {
        try await serve { client in
            for path in ["/thing", "/things/7/8", "/things"] {
                let response = try await client.execute(uri: path, method: .put)
                #expect(response.status == .notFound)
                #expect(response.headers[.allow] == nil)
            }
        }
    }

    @Test func `a part of the address space refuses in its own words`() async throws {
        try await serve { client in
            let unknown = try await client.execute(uri: "/api/nothing", method: .get)
            let wrong = try await client.execute(uri: "/api/one", method: .delete)

            #expect(unknown.status == .notFound && String(buffer: unknown.body) == "api: not_found")
            #expect(wrong.status == .methodNotAllowed && String(buffer: wrong.body) == "api: method_not_allowed")
        }
    }

    @Test func `RFC 9112 §3.2 two hosts are none, which each part says in its own words`() async throws {
        try await serve { client in
            let thing = try await client.execute(uri: "/things/7", method: .get, headers: [HTTPField.Name("Host")!: "second.example"])
            let api = try await client.execute(uri: "/api/one", method: .get, headers: [HTTPField.Name("Host")!: "second.example"])

            #expect(thing.status == .badRequest && thing.headers[.contentType] == "application/problem+json")
            #expect(api.status == .badRequest && String(buffer: api.body) == "api: invalid_request")
        }
    }

    @Test func `what fails in a part is told in its words`() async throws {
        try await serve { client in
            let response = try await client.execute(uri: "/api/broken", method: .get)

            #expect(response.status == .internalServerError && String(buffer: response.body) == "api: internal_error")
        }
    }

    private func serve(_ test: @escaping @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        let api = RefusalWording(covers: { $0.hasPrefix("/api/") }) { problem, _, _ in
            Response.text("api: \(problem.code.rawValue)", status: problem.code.status)
        }
        let routes = Routes([
            RequestIdentity(issuer: Issuer("https://bank.example")!, clock: ManualClock(), randomness: SeededRandom()), RefusalWordings([api]), HostCheck(),
        ])
        routes.get("/things/{id}") { _, _ in Response.text("thing") }
        routes.on("/things/{id}", method: .delete) { _, _ in Response.text("gone") }
        routes.get("/api/one") { _, _ in Response.text("one") }
        routes.get("/api/broken") { _, _ in throw Mishap() }
        try await Application(router: routes).test(.router, test)
    }

    private struct Mishap: Error {}
}
