import AccessTokens
import HTTPTypes
import Testing
import Web

@testable import Gateway

@Suite("What the gateway reads from header fields")
struct RequestReadingTests {
    @Test(arguments: [("Bearer abc", "abc"), ("bearer a.b-c_d~e+f/g==", "a.b-c_d~e+f/g=="), ("BEARER   abc", "abc")])
    func `a bearer token is read`(field: String, token: String) {
        let read = TokenPolicy.token(field)

        #expect(read?.0 == .bearer && read?.1 == token)
    }

    @Test(arguments: ["", "Bearer", "Bearer ", "abc", "Basic abc", "Bearera b c"])
    func `anything else is none`(field: String) {
        #expect(TokenPolicy.token(field) == nil)
    }

    /// RFC 6750 §2.1 `b64token`
    @Test func `each of the token's characters is looked at`() {
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=")
        for code in UInt8.min...UInt8.max {
            let character = Character(UnicodeScalar(code))
            #expect(TokenPolicy.isToken("aa\(character)ZZ") == allowed.contains(character), "\(code)")
        }
    }

    @Test func `a token of 9 kB is none of ours`() {
        #expect(TokenPolicy.token("Bearer " + String(repeating: "a", count: 8193)) == nil)
    }

    @Test(arguments: [
        ([], true), ([""], true), (["application/json"], true), (["*/*"], true), (["text/html, application/*;q=0.1"], true), (["text/html"], false),
        (["application/json;q=0"], false), (["text/html", "application/json"], true), (["APPLICATION/JSON"], true), (["application/xml, */*;q=0.000"], false),
        // RFC 9110 §12.5.1: the most specific range goes before the others, wherever it stands.
        (["application/json;q=0, */*"], false), (["*/*", "application/json;q=0"], false), (["application/*;q=0, */*"], false),
        (["application/*;q=0, application/json"], true), (["*/*;q=0, application/*"], true), (["application/json;q=0, application/json;charset=utf-8"], true),
    ])
    func `the Accept field is read as far as JSON needs it`(fields: [String], accepts: Bool) {
        #expect(RequestPolicy.acceptsJSON(fields) == accepts)
    }

    @Test func `a challenge holds nothing that could end its quotes`() {
        #expect(
            BearerChallenge.invalidToken("a \"b\" \\ c\r\nX: y é").texts
                == [#"Bearer realm="wekeza", error="invalid_token", error_description="a b  cX: y ""#])
    }
}

@Suite("A live bank's answers")
struct HTTPUpstreamTests {
    private func code(_ status: Int, _ type: String? = "application/json") -> String {
        do {
            return "\(try HTTPUpstream.answer(status, type: type, body: [123, 125]).status.code)"
        } catch {
            return (error as? Problem)?.code.rawValue ?? "\(error)"
        }
    }

    @Test func `its success is passed on, in JSON alone`() {
        #expect(code(200) == "200" && code(201, "application/json; charset=utf-8") == "201" && code(204, nil) == "204")
        #expect(code(200, "text/html") == "upstream_failed" && code(200, nil) == "upstream_failed")
    }

    @Test func `its refusal of us is our failure, not the caller's`() {
        #expect(code(401) == "upstream_failed" && code(403) == "upstream_failed" && code(400) == "upstream_failed")
        #expect(code(500) == "upstream_failed" && code(302) == "upstream_failed" && code(0) == "upstream_failed")
        #expect(code(404) == "not_found" && code(503) == "temporarily_unavailable" && code(429) == "temporarily_unavailable")
    }

    @Test func `an id that could lead to another address of it does not reach it`() {
        #expect(["acc_7Hq2-VbX9", "7", String(repeating: "a", count: 64)].allSatisfy(HTTPUpstream.isID))
        for id in ["", ".", "..", "..%2f..", "a%2fb", "a.b", "a;b", "a?b", "a b", "é", "a\r\nX: y", String(repeating: "a", count: 65)] {
            #expect(!HTTPUpstream.isID(id), "\(id)")
        }
    }
}
