import HTTPTypes
import HummingbirdTesting
import Storage
import TestSupport
import Testing
import Web

@Suite("RFC 9457 · Problem details")
struct RFC9457Tests {
    @Test func `§3 a problem has its type, title, status and detail, our code and the request's id`() async throws {
        try await TestServer.run(.sqlite) { server in
            let response = try await server.get("/v1/accounts")

            #expect(response.headers[.contentType] == "application/problem+json")
            #expect(response.json["type"] as? String == "http://localhost:8080/docs/errors/missing_token")
            #expect(response.json["status"] as? Int == 401)
            #expect(response.json["title"] as? String == ErrorCode.missingToken.title)
            #expect((response.json["detail"] as? String)?.isEmpty == false)
            #expect(response.json["code"] as? String == "missing_token")
            #expect(response.json["request_id"] as? String == response.requestID)
            #expect(response.requestID.hasPrefix("req_"))
        }
    }

    @Test func `§3.1.1 the type of every code is a page that exists`() async throws {
        try await TestServer.run(.sqlite) { server in
            for code in ErrorCode.allCases {
                let page = try await server.get("/docs/errors/\(code.rawValue)", headers: [.accept: "text/html"])
                #expect(page.status == .ok, "\(code.rawValue)")
                #expect(page.text.contains(code.rawValue), "\(code.rawValue)")
            }
        }
    }

    @Test func `§3.2 every violation of a request is an entry of errors`() async throws {
        try await TestServer.run(.sqlite) { server in
            let token = try await server.tokens(for: server.register()).access

            let response = try await server.call("/v1/accounts?limit=0&colour=blue&cursor=", token: token)

            #expect(Set(response.violations.map { $0["pointer"] }) == ["/query/limit", "/query/colour", "/query/cursor"])
            #expect(response.violations.allSatisfy { Set($0.keys) == ["pointer", "rule", "expected", "got"] })
        }
    }

    @Test(arguments: ["/v1", "/v1/", "/v1/transfer", "/v1/accounts/acc_1", "/v1/accounts/acc_1/balance/x", "/v2/accounts"])
    func `an address that is not there is a problem too`(uri: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let response = try await server.get(uri, headers: [.accept: "application/json"])

            #expect(response.status == .notFound)
            #expect(response.errorCode == "not_found")
        }
    }

    @Test func `x-fapi-interaction-id comes back when it is a UUID, and is made otherwise`() async throws {
        try await TestServer.run(.sqlite) { server in
            let name = HTTPField.Name("x-fapi-interaction-id")!
            let uuid = "c770aef3-6784-41f7-8e0e-ff5f97bddb3a"

            let echoed = try await server.get("/v1/accounts", headers: [name: uuid])
            let made = try await server.get("/v1/accounts", headers: [name: "<script>alert(1)</script>"])

            #expect(echoed.headers[name] == uuid)
            #expect(made.headers[name]?.count == 36 && !made.text.contains("script"))
        }
    }
}
