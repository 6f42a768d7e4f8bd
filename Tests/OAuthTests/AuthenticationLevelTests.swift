import OAuth
import Testing

@Suite("OpenID Connect Core §2 · Levels of authentication")
struct AuthenticationLevelTests {
    private static let one = AuthenticationLevel.password
    private static let two = AuthenticationLevel.passwordAndCode

    private func request(acrValues: String? = nil, claims: String? = nil) throws -> AuthenticationRequest? {
        let parameters = RequestParameters([("acr_values", acrValues ?? ""), ("claims", claims ?? "")].map { (name: $0.0, value: $0.1) })
        return try AuthenticationRequest(acrValues: parameters["acr_values"], claims: ClaimsRequest(parameters))
    }

    @Test func `RFC 8176 §2 a password and a code together are more than a password`() {
        #expect(AuthenticationLevel(methods: ["pwd"]) == .password)
        #expect(AuthenticationLevel(methods: ["pwd", "otp", "mfa"]) == .passwordAndCode)
        for methods in [[], ["otp"], ["otp", "mfa"], ["mfa"], ["pwd", "mfa"]] { #expect(AuthenticationLevel(methods: methods) == .password) }
        #expect(Self.one < Self.two && AuthenticationLevel.allCases == [Self.one, Self.two])
        #expect(AuthenticationMethod.passwordAndCode.map(\.rawValue) == ["pwd", "otp", "mfa"])
    }

    @Test func `§3-1-2-1 acr_values are a wish, the first known one first`() throws {
        let wish = try #require(try request(acrValues: "urn:x \(Self.two.rawValue) \(Self.one.rawValue)"))

        #expect(wish.levels == [Self.two, Self.one] && !wish.isEssential)
        #expect(wish.asksForMore(than: Self.one) && !wish.asksForMore(than: Self.two))
        #expect(wish.isMet(by: Self.one) && wish.isMet(by: Self.two))
        #expect(wish.told(of: Self.one) == Self.one && wish.told(of: Self.two) == Self.two)
        #expect(try request(acrValues: "1 2") == nil)
        #expect(try request() == nil)
    }

    @Test func `§5-5-1-1 an essential acr is met by a level that it names, and told as one of them`() throws {
        let two = try #require(try request(claims: #"{"id_token":{"acr":{"essential":true,"values":["\#(Self.two.rawValue)"]}}}"#))
        let one = try #require(try request(claims: #"{"id_token":{"acr":{"essential":true,"value":"\#(Self.one.rawValue)"}}}"#))

        #expect(two.isEssential && !two.isMet(by: Self.one) && two.isMet(by: Self.two))
        #expect(one.isMet(by: Self.one) && one.isMet(by: Self.two) && one.told(of: Self.two) == Self.one)
        #expect(!one.asksForMore(than: Self.one))
    }

    @Test func `§5-5-1-1 the claims request counts, not the parameter beside it`() throws {
        let both = try #require(try request(acrValues: Self.one.rawValue, claims: #"{"id_token":{"acr":{"values":["\#(Self.two.rawValue)"]}}}"#))

        #expect(both.levels == [Self.two] && !both.isEssential)
        #expect(try request(acrValues: Self.two.rawValue, claims: #"{"id_token":{"acr":{"essential":true}}}"#)?.levels == [Self.two])
        #expect(try request(claims: #"{"id_token":{"acr":null}}"#) == nil)
        #expect(try request(claims: #"{"userinfo":{"acr":{"essential":true,"value":"x"}}}"#) == nil)
    }

    @Test func `an essential acr that there is not cannot be met`() {
        let error = #expect(throws: OAuthError.self) { try request(claims: #"{"id_token":{"acr":{"essential":true,"values":["urn:x"]}}}"#) }

        #expect(error?.code == .unmetAuthenticationRequirements)
    }

    @Test(arguments: ["x", "[]", "1", #"{"id_token":1}"#, #"{"userinfo":[]}"#, #"{"id_token":{},"id_token":{}}"#])
    func `§5-5 claims are a JSON object of objects`(claims: String) {
        let error = #expect(throws: OAuthError.self) { try request(claims: claims) }

        #expect(error?.code == .invalidRequest)
    }

    @Test func `§5-5-1 sub with a value names one customer, in either place`() throws {
        func subject(_ claims: String) throws -> String? { try ClaimsRequest(RequestParameters([(name: "claims", value: claims)]))?.subject }

        #expect(try subject(#"{"id_token":{"sub":{"value":"usr_1"}}}"#) == "usr_1")
        #expect(try subject(#"{"userinfo":{"sub":{"value":"usr_1"}}}"#) == "usr_1")
        #expect(try subject(#"{"id_token":null,"userinfo":null}"#) == nil)
    }
}
