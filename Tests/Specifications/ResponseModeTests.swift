import Applications
import Foundation
import HTTPTypes
import HummingbirdTesting
import JOSE
import JSON
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

// HTTPTypes and Web both name this field.
private let policy = HTTPField.Name("Content-Security-Policy")!  // a constant that parses

extension TestServer {
    /// How the browser was sent back: the whole address, or the page with the form.
    fileprivate func back(_ app: TestApp, _ changes: [(name: String, value: String)], decision: String = "approve") async throws -> (
        location: String, browser: TestBrowser
    ) {
        let browser = TestBrowser(self)
        try await browser.open(authorizationURI(app, [("scope", "openid")] + changes))
        try await browser.submit("password", [("username", "amina.traveler"), ("password", "sandbox")])
        try await browser.submit("decision", [("decision", decision)])
        return (await browser.left ?? "", browser)
    }

    /// The claims of a signed answer, whose signature is right.
    fileprivate func answer(_ text: String?) async throws -> JSONObject { try await claims(text) ?? JSONObject() }
}

@Suite("OAuth 2.0 Multiple Response Type Encoding Practices and Form Post Response Mode")
struct ResponseModeTests {
    @Test func `fragment: the answer stands behind the number sign`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()

            let (location, _) = try await server.back(app, [("response_mode", "fragment")])

            #expect(location.hasPrefix(app.redirectURI + "#code="))
            #expect(!location.contains("?"))
        }
    }

    @Test func `form_post: the answer stands in a form that leads to the app, which the page's policy allows`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()

            let (_, browser) = try await server.back(app, [("response_mode", "form_post")])

            let form = try #require(await browser.forms.first { $0.names.contains("code") })
            #expect(form.action == app.redirectURI)
            #expect(Set(form.names).isSuperset(of: ["code", "state", "iss"]))
            #expect(await browser.headers[policy]?.contains("form-action 'self' https://app.example.com;") == true)
        }
    }

    @Test func `an error travels in the mode that was asked for`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()

            let fragment = try await server.get(server.authorizationURI(app, [("response_mode", "fragment"), ("scope", "unknown")]))
            let form = try await server.get(server.authorizationURI(app, [("response_mode", "form_post"), ("scope", "unknown")]))

            #expect(fragment.location?.contains("#error=invalid_scope") == true)
            #expect(form.status == .ok && form.text.contains(#"name="error" value="invalid_scope""#))
        }
    }

    @Test func `values in a form are escaped`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()

            let page = try await server.get(
                server.authorizationURI(app, [("response_mode", "form_post"), ("scope", "unknown"), ("state", #""><script>alert(1)</script>"#)]))

            #expect(page.text.contains("&quot;&gt;&lt;script&gt;") && !page.text.contains("<script>alert"))
        }
    }

    @Test func `an unknown mode is refused in the query`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()

            #expect(try await server.answer(app, [("response_mode", "web_message")])["error"] == "invalid_request")
        }
    }
}

@Suite("JWT Secured Authorization Response Mode (JARM)")
struct JARMTests {
    @Test(arguments: ["jwt", "query.jwt"])
    func `§2-3-1 the answer is one parameter, a JWT that we signed for the app`(mode: String) async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()

            let (location, _) = try await server.back(app, [("response_mode", mode)])

            let query = try #require(Parameters(urlEncoded: String(location.split(separator: "?", maxSplits: 1).last ?? "")))
            #expect(query.pairs.map(\.name) == ["response"])
            let claims = try await server.answer(query["response"])
            #expect(claims["iss"]?.string == TestServer.issuer.text && claims["aud"]?.string == app.clientID)
            #expect(claims["code"]?.string?.hasPrefix("wkz_ac_") == true && claims["state"]?.string == "af0ifjsldkj")
            let life = (claims["exp"]?.integer ?? 0) - server.clock.now.seconds
            #expect((10...600).contains(life))
        }
    }

    @Test func `§2-3-2 and §2-3-3 in the fragment and in a form`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()

            let (location, _) = try await server.back(app, [("response_mode", "fragment.jwt")])
            let (_, browser) = try await server.back(app, [("response_mode", "form_post.jwt")])

            #expect(location.hasPrefix(app.redirectURI + "#response="))
            #expect(await browser.forms.contains { $0.action == app.redirectURI && $0.names == ["response"] })
        }
    }

    @Test(arguments: [SignatureAlgorithm.ps256, .edDSA, .rs256])
    func `§3 the registered algorithm signs`(algorithm: SignatureAlgorithm) async throws {
        try await TestServer.run(.sqlite) { server in
            var metadata = ClientMetadata()
            metadata.authorizationSignedResponseAlgorithm = algorithm
            let app = try await server.register(metadata: metadata)

            let (location, _) = try await server.back(app, [("response_mode", "jwt")])

            let response = Parameters(urlEncoded: String(location.split(separator: "?", maxSplits: 1).last ?? ""))?["response"] ?? ""
            #expect(try UnverifiedJWS(parsing: response).algorithm == algorithm)
            #expect(try await server.answer(response)["code"] != nil)
        }
    }

    @Test func `§2-2 an error is signed too`() async throws {
        try await TestServer.run(.sqlite) { server in
            let app = try await server.register()

            let (rejected, _) = try await server.back(app, [("response_mode", "jwt")], decision: "reject")
            let refused = try await server.get(server.authorizationURI(app, [("response_mode", "jwt"), ("scope", "unknown")])).location ?? ""

            for (location, error) in [(rejected, "access_denied"), (refused, "invalid_scope")] {
                let query = Parameters(urlEncoded: String(location.split(separator: "?", maxSplits: 1).last ?? ""))
                #expect(try await server.answer(query?["response"])["error"]?.string == error)
            }
        }
    }

    @Test func `§4 the metadata lists modes and algorithms`() async throws {
        try await TestServer.run(.sqlite) { server in
            let metadata = try await server.get("/.well-known/oauth-authorization-server").json

            #expect(
                Set(metadata["response_modes_supported"] as? [String] ?? []) == [
                    "query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt",
                ])
            #expect((metadata["authorization_signing_alg_values_supported"] as? [String])?.contains("ES256") == true)
        }
    }
}
