import OAuth
import Primitives
import Testing

@Suite("RFC 6749 §4.1.1 · Authorization requests")
struct AuthorizationRequestTests {
    let client = RegisteredClient(
        id: ClientID("acme-budget")!, redirectURIs: [RedirectURI(registered: "https://app.example.com/callback?tenant=1")],
        scopes: [.openid, .email, .accountsRead, .transactionsRead, .consentsWrite, .paymentsWrite], grantTypes: [.authorizationCode], isNative: false)

    static let sound = [
        "client_id": "acme-budget", "redirect_uri": "https://app.example.com/callback?tenant=1", "response_type": "code", "scope": "openid accounts.read",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256", "state": "xyz", "nonce": "n-0S6_WzA2Mj",
    ]

    private func parse(_ changes: [String: String?] = [:], repeated: [(name: String, value: String)] = []) throws -> AuthorizationRequest {
        var values = Self.sound
        for (name, value) in changes { values[name] = value }
        let parameters = RequestParameters(values.map { (name: $0.key, value: $0.value) } + repeated)
        return try AuthorizationRequest(parameters, for: client, target: RedirectTarget(parameters, for: client), audience: "http://localhost:8080/v1")
    }

    private func refusal(_ changes: [String: String?] = [:], repeated: [(name: String, value: String)] = []) -> OAuthError.Code? {
        do {
            _ = try parse(changes, repeated: repeated)
            return nil
        } catch {
            return (error as? OAuthError)?.code
        }
    }

    @Test(arguments: ["state", "nonce"])
    func `what comes back to the app holds no NUL`(name: String) { #expect(refusal([name: "a\0b"]) == .invalidRequest) }

    @Test func `a sound request becomes typed`() throws {
        let request = try parse(["prompt": "login consent", "max_age": "10", "login_hint": "amina.traveler"])

        #expect(request.scope == [.openid, .accountsRead])
        #expect(request.prompts == [.login, .consent])
        #expect(request.maxAge == 10)
        #expect(request.state == "xyz")
        #expect(request.nonce == "n-0S6_WzA2Mj")
        #expect(request.detail == nil)
    }

    @Test func `§3.1 unknown parameters are ignored, empty ones count as left out`() throws {
        let request = try parse(["extra": "foobar", "state": "", "ui_locales": "se", "acr_values": "1 2", "display": "popup"])

        #expect(request.state == nil)
    }

    @Test func `§3.1 any parameter sent twice is refused, even with the same value`() {
        for name in ["scope", "state", "response_type", "code_challenge", "extra", "prompt"] {
            #expect(refusal(["extra": "1"], repeated: [(name, "code")]) == .invalidRequest)
        }
    }

    @Test func `§3.1.1 the response type is code and nothing else`() {
        #expect(refusal(["response_type": nil]) == .invalidRequest)
        for type in ["token", "id_token", "id_token token", "code token", "code id_token", "none", "code code", "CODE", " code"] {
            #expect(refusal(["response_type": type]) == .unsupportedResponseType)
        }
    }

    @Test func `A response mode that is not known is refused`() {
        #expect(refusal(["response_mode": "query"]) == nil)
        for mode in ["Query", "web_message", "jwt.query"] { #expect(refusal(["response_mode": mode]) == .invalidRequest) }
    }

    @Test func `an app without the grant type cannot ask`() throws {
        let client = RegisteredClient(
            id: client.id, redirectURIs: client.redirectURIs, scopes: client.scopes, grantTypes: [.clientCredentials], isNative: false)
        let parameters = RequestParameters(Self.sound.map { (name: $0.key, value: $0.value) })
        let target = try RedirectTarget(parameters, for: client)

        let error = #expect(throws: OAuthError.self) {
            try AuthorizationRequest(parameters, for: client, target: target, audience: "http://localhost:8080/v1")
        }
        #expect(error?.code == .unauthorizedClient)
        #expect(error?.explanation?.expected == "client_credentials")
    }

    @Test func `OpenID Connect Core §3.1.2.6 what stands inside a request object and elsewhere refuses another one`() {
        #expect(refusal(["request": "eyJhbGciOiJub25lIn0.e30."]) == .invalidRequestObject)
        #expect(refusal(["request_uri": "http://127.0.0.1:1/"]) == .requestURINotSupported)
        #expect(refusal(["registration": "{}"]) == .registrationNotSupported)
    }

    @Test func `RFC 7636 §4.4.1 PKCE with S256 is required`() {
        #expect(refusal(["code_challenge": nil]) == .invalidRequest)
        #expect(refusal(["code_challenge_method": nil]) == .invalidRequest)
        for method in ["plain", "s256", "S512"] { #expect(refusal(["code_challenge_method": method]) == .invalidRequest) }
        for challenge in [
            "short", String(repeating: "a", count: 42), String(repeating: "a", count: 44), String(repeating: "=", count: 43), String(repeating: "é", count: 43),
        ] {
            #expect(refusal(["code_challenge": challenge]) == .invalidRequest)
        }
    }

    @Test func `§3.3 unknown, unregistered and app-only scopes are refused`() {
        for scope in [
            "openid unknown", "openid profile", "consents.write", "openid OPENID", "payments.write", "openid,email",
            String(repeating: "openid ", count: 10_000),
        ] {
            #expect(refusal(["scope": scope]) == .invalidScope)
        }
        #expect(refusal(["scope": nil]) == .invalidScope)
        #expect(refusal(["scope": " "]) == .invalidScope)
    }

    @Test func `states and nonces of 2000 bytes are kept unchanged, longer ones refused`() throws {
        let long = String(repeating: "x", count: 2000)

        #expect(try parse(["state": long, "nonce": long]).state == long)
        #expect(try parse(["state": long, "nonce": long]).nonce == long)
        #expect(refusal(["state": long + "x"]) == .invalidRequest)
        #expect(refusal(["nonce": long + "x"]) == .invalidRequest)
    }

    @Test func `OpenID Connect Core §3.1.2.1 prompts are known, once each, and none stands alone`() {
        for prompt in ["none login", "create", "login login", "LOGIN"] { #expect(refusal(["prompt": prompt]) == .invalidRequest) }
        for prompt in ["none", "login", "consent select_account"] { #expect(refusal(["prompt": prompt]) == nil) }
    }

    @Test func `OpenID Connect Core §3.1.2.1 max_age is a number of seconds`() {
        for age in ["-1", "1.5", "1e3", "ten", "99999999999999999999", "+5", "٣"] { #expect(refusal(["max_age": age]) == .invalidRequest) }
        for age in ["0", "10000", "9223372036854775807"] { #expect(refusal(["max_age": age]) == nil) }
    }

    @Test func `RFC 9396 §5 a lodged consent is named by one object with its members and no other`() throws {
        let sound = #"[{"type":"account_access","consent_id":"cns_7Hq2VbX9kPzR4mWd"}]"#

        #expect(
            try parse(["authorization_details": sound, "scope": nil]).detail
                == AuthorizationDetail(type: .accountAccess, consentID: ConsentID("cns_7Hq2VbX9kPzR4mWd")!))
        let payment = #"[{"type":"payment","consent_id":"cns_1"}]"#
        #expect(
            try parse(["authorization_details": payment, "scope": nil]).detail == AuthorizationDetail(type: .payment, consentID: ConsentID("cns_1")!))
        for details in [
            "x", "{}", "[]", "[1]", #"[{"type":"account_access"}]"#, #"[{"type":"transfer","consent_id":"cns_1"}]"#, #"[{"consent_id":"cns_1"}]"#,
            #"[{"type":"account_access","consent_id":"app_1"}]"#, #"[{"type":"account_access","consent_id":1}]"#,
            #"[{"type":"account_access","consent_id":"cns_1","actions":["read"]}]"#,
            #"[{"type":"account_access","consent_id":"cns_1","consent_id":"cns_2"}]"#,
            #"[{"type":"account_access","consent_id":"cns_1"},{"type":"account_access","consent_id":"cns_2"}]"#,
            String(repeating: "[", count: 5000),
        ] {
            #expect(refusal(["authorization_details": details]) == .invalidAuthorizationDetails)
        }
    }

    @Test func `error descriptions hold only the characters that §5-2 allows`() {
        for code in OAuthError.Code.allCases {
            #expect(code.documentationPath == "/docs/errors/oauth/\(code.rawValue)")
            #expect(!code.title.isEmpty && !code.advice.isEmpty)
        }
    }
}

@Suite("RFC 9700 §2.1 · Redirect targets")
struct RedirectTargetTests {
    private func target(_ requested: String?, registered: String, isNative: Bool = false) -> RedirectTarget? {
        let client = RegisteredClient(
            id: ClientID("acme-budget")!, redirectURIs: [RedirectURI(registered: registered)], scopes: [], grantTypes: [], isNative: isNative)
        return try? RedirectTarget(RequestParameters(requested.map { [(name: "redirect_uri", value: $0)] } ?? []), for: client)
    }

    @Test func `an address that Unicode takes for the same is another one`() {
        #expect(target("https://a.test/K", registered: "https://a.test/K") != nil)
        // The sign of the unit kelvin, and the Greek question mark.
        #expect(target("https://a.test/\u{212A}", registered: "https://a.test/K") == nil)
        #expect(target("https://a.test/a\u{037E}b", registered: "https://a.test/a;b") == nil)
        #expect(target("http://127.0.0.1:8080/\u{212A}", registered: "http://127.0.0.1/K", isNative: true) == nil)
    }

    @Test func `the registered address itself is trusted`() {
        #expect(target("https://app.example.com/cb", registered: "https://app.example.com/cb")?.address == "https://app.example.com/cb")
    }

    @Test(arguments: [
        "https://app.example.com/cb/", "https://app.example.com/cb/../evil", "https://app.example.com/cb%2f..", "https://app.example.com/cb?x=1",
        "https://app.example.com/cb#f", "https://app.example.com/CB", "https://APP.example.com/cb", "https://app.example.com:443/cb",
        "https://app.example.com:8443/cb",
        "https://user@app.example.com/cb", "https://app.example.com\\@evil.test/cb", "https://app.example.com.evil.test/cb",
        "https://evil.test/?app.example.com/cb",
        "https://app。example.com/cb", "https://app.example.com/cb\r\nLocation: x", "https://app.example.com/cb\u{0}", "javascript:alert(1)", "data:text/html,x",
        "http://app.example.com/cb", "//app.example.com/cb", "/cb", "https://app.example.com", " https://app.example.com/cb", "https://app.example.com/cb ",
        "https://app.example.com/c\u{0062}\u{0301}", "https:/app.example.com/cb", "https:app.example.com/cb", "*",
    ])
    func `an address that differs in one character is not`(requested: String) {
        #expect(target(requested, registered: "https://app.example.com/cb") == nil)
    }

    @Test func `a request without one, or with two, has no target`() {
        let client = RegisteredClient(
            id: ClientID("acme-budget")!, redirectURIs: [RedirectURI(registered: "https://a.test/")], scopes: [], grantTypes: [], isNative: false)
        let twice = RequestParameters([(name: "redirect_uri", value: "https://a.test/"), (name: "redirect_uri", value: "https://evil.test/")])

        #expect(throws: RedirectTarget.Refusal.missing) { try RedirectTarget(RequestParameters([]), for: client) }
        #expect(throws: RedirectTarget.Refusal.repeated) { try RedirectTarget(twice, for: client) }
    }

    @Test func `RFC 8252 §7.3 a native app's loopback port may vary, and nothing else`() {
        let registered = "http://127.0.0.1/cb"

        #expect(target("http://127.0.0.1:51004/cb", registered: registered, isNative: true) != nil)
        #expect(target("http://127.0.0.1:51004/cb", registered: registered, isNative: false) == nil)
        for other in [
            "http://127.0.0.1:99999/cb", "http://127.0.0.1:/cb", "http://127.0.0.1:80x/cb", "http://localhost:51004/cb", "http://127.0.0.1:51004/other",
            "https://127.0.0.1:51004/cb", "http://127.0.0.1:51004@evil.test/cb", "http://127.0.0.1.evil.test:80/cb", "http://127.0.0.1:+80/cb",
            "http://127.0.0.1:0/cb",
        ] {
            #expect(target(other, registered: registered, isNative: true) == nil, "\(other)")
        }
    }

    @Test func `RFC 8252 §7 a scheme of its own or a loopback IP address is a native app's, localhost is a page's too`() {
        for address in ["com.example.app:/cb", "http://127.0.0.1/cb", "http://127.0.0.1:3000/cb", "http://[::1]:3000/cb"] {
            #expect(RedirectURI(registered: address).isOfNativeApp, "\(address)")
        }
        for address in ["http://localhost/cb", "http://localhost:3000/cb", "https://app.example.com/cb", "https://127.0.0.1/cb", "HTTPS://app.example.com/cb"] {
            #expect(!RedirectURI(registered: address).isOfNativeApp, "\(address)")
        }
    }

    @Test func `CSP Level 3 §2.3.1 the host of a registered address is one that a policy can name`() {
        for address in [
            "https://app.example.com/cb", "https://app.example.com:8443", "https://a_b.example/cb", "https://192.0.2.7/cb", "https://[2001:db8::1]:8443/cb",
            "http://[::1]/cb", "http://localhost:8080/cb?x=1;y=2",
        ] {
            #expect((try? RedirectURI.register(address).get())?.text == address, "\(address)")
        }
        for address in [
            "https://a.test;script-src", "https://a.test,b.test/cb", "https://a.test'/cb", "https://a%2etest/cb", "https://a.test!/cb", "https://[::x]/cb",
            "https://[::1/cb", "https://a.test:+80/cb", "https://a.test:/cb", "https://a.test:0/cb", "https://a.test:65536/cb", "https://a.test:80:80/cb",
        ] {
            #expect(throws: RedirectURI.Refusal.foreignHost, "\(address)") { try RedirectURI.register(address).get() }
        }
        // One that was registered before there was this rule.
        #expect(RedirectURI(registered: "https://a.test;script-src *;/cb").originOrScheme == "https:")
        #expect(RedirectURI(registered: "https://A.test:8443/cb").originOrScheme == "https://a.test:8443")
    }

    @Test func `RFC 6749 §3.1.2 a registered query is kept`() {
        #expect(RedirectTarget(checked: "https://a.test/cb?x=1").address(adding: "code=2") == "https://a.test/cb?x=1&code=2")
        #expect(RedirectTarget(checked: "https://a.test/cb").address(adding: "code=2") == "https://a.test/cb?code=2")
        #expect(RedirectTarget(checked: "https://a.test/cb?").address(adding: "code=2") == "https://a.test/cb?code=2")
        #expect(RedirectTarget(checked: "com.example.app:/cb").address(adding: "code=2") == "com.example.app:/cb?code=2")
    }
}

@Suite("RFC 7636 · Code verifiers")
struct CodeVerifierTests {
    @Test func `Appendix B the verifier of the example answers its challenge`() throws {
        let verifier = try #require(CodeVerifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
        let challenge = try #require(CodeChallenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"))

        #expect(challenge.isAnswered(by: verifier))
    }

    @Test func `another verifier, and the challenge itself, do not answer`() throws {
        let challenge = try #require(CodeChallenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"))

        #expect(!challenge.isAnswered(by: try #require(CodeVerifier("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"))))
        #expect(!challenge.isAnswered(by: try #require(CodeVerifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"))))
    }

    @Test func `§4.1 a verifier has 43 to 128 unreserved characters`() {
        #expect(CodeVerifier(String(repeating: "a", count: 43)) != nil)
        #expect(CodeVerifier(String(repeating: "~", count: 128)) != nil)
        for text in [
            "", String(repeating: "a", count: 42), String(repeating: "a", count: 129), String(repeating: "é", count: 43), String(repeating: " ", count: 43),
            String(repeating: "+", count: 43),
        ] {
            #expect(CodeVerifier(text) == nil)
        }
    }
}
