import HTTPTypes
import HummingbirdTesting
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("RFC 6750 · Bearer tokens")
struct RFC6750Tests {
    @Test(arguments: Engine.available)
    func `§3-1 without a token there is no error code, only the way to authenticate`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            for headers: HTTPFields in [[:], .basic("x", "y"), [.cookie: "access_token=x"]] {
                let response = try await server.get("/oauth2/userinfo", headers: headers)
                #expect(response.status == .unauthorized)
                #expect(response.headers[values: .wwwAuthenticate] == [#"Bearer realm="wekeza""#, #"DPoP realm="wekeza", algs="ES256 PS256 EdDSA""#])
                #expect(response.text.isEmpty)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§3-1 a bad token is invalid_token, a token without openid insufficient_scope`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let token = try await server.tokens(for: app).access
            let parts = token.split(separator: ".").map(String.init)

            for bad in ["x", "", token + "x", "\(parts[0]).\(parts[1]).", "eyJhbGciOiJub25lIn0.\(parts[1])."] {
                let response = try await server.userinfo(bad)
                #expect(response.status == .unauthorized, "\(bad.prefix(20))")
                #expect(bad.isEmpty || response.headers[.wwwAuthenticate]?.contains(#"error="invalid_token""#) == true)
            }
            let narrow = try await server.userinfo(server.tokens(for: app, [("scope", "accounts.read")]).access)
            #expect(narrow.status == .forbidden)
            #expect(narrow.headers[.wwwAuthenticate]?.contains(#"scope="openid""#) == true)
        }
    }

    @Test(arguments: Engine.available)
    func `§2 a token in the address, or sent twice, is refused`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let token = try await server.tokens(for: app).access

            #expect(try await server.get("/oauth2/userinfo?access_token=\(token)").errorCode == "invalid_request")
            #expect(try await server.call("/oauth2/userinfo?access_token=\(token)", token: token).errorCode == "invalid_request")
            let twice = try await server.post("/oauth2/userinfo", form: [("access_token", token)], headers: [.authorization: "Bearer \(token)"])
            #expect(twice.errorCode == "invalid_request")
        }
    }
}
