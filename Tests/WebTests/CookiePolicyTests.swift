import HTTPTypes
import Hummingbird
import Testing
import Web

@Suite("Cookies")
struct CookiePolicyTests {
    @Test func `over TLS a cookie is Secure and bound to the host`() {
        var response = Response(status: .ok)
        CookiePolicy(secure: true).set("wkz_dev", to: "abc", maxAge: 60, on: &response)

        #expect(response.headers[.setCookie] == "__Host-wkz_dev=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure")
    }

    @Test func `on loopback a cookie goes without the prefix`() {
        var response = Response(status: .ok)
        CookiePolicy(secure: false).set("wkz_dev", to: "abc", on: &response)

        #expect(response.headers[.setCookie] == "wkz_dev=abc; Path=/; HttpOnly; SameSite=Lax")
    }

    @Test func `two cookies make two fields`() {
        var response = Response(status: .ok)
        let policy = CookiePolicy(secure: false)
        policy.set("a", to: "1", on: &response)
        policy.remove("b", from: &response)

        #expect(response.headers[values: .setCookie].count == 2)
        #expect(response.headers[values: .setCookie].last?.contains("Max-Age=0") == true)
    }

    @Test(arguments: [
        ("wkz_dev=abc", "abc"), ("a=b; wkz_dev=abc; c=d", "abc"), ("wkz_dev=a=b", "a=b"), ("a=b;wkz_dev=abc", "abc"),
        ("wkz_dev=first; wkz_dev=second", "first"),
    ])
    func `the value is found among others`(field: String, value: String) {
        #expect(CookiePolicy(secure: false).value("wkz_dev", in: request(cookie: field)) == value)
    }

    @Test(arguments: ["", "wkz_devil=abc", "xwkz_dev=abc", "wkz_dev", ";;;", "__Host-wkz_dev=abc"])
    func `what is not the cookie is not taken for it`(field: String) {
        #expect(CookiePolicy(secure: false).value("wkz_dev", in: request(cookie: field)) == nil)
    }

    @Test func `over TLS a cookie without the prefix is not believed`() {
        #expect(CookiePolicy(secure: true).value("wkz_dev", in: request(cookie: "wkz_dev=planted; __Host-wkz_dev=ours")) == "ours")
    }

    private func request(cookie: String) -> Request {
        Request(
            head: HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: "/", headerFields: [.cookie: cookie]),
            body: RequestBody(buffer: .init()))
    }
}
