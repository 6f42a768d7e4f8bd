import HTTPTypes
import Hummingbird
import NIOCore
import Primitives
import Testing
import Web

@testable import Pages

@Suite("Where a form comes from")
struct FormOriginTests {
    private static let issuer = Issuer("https://open.wekeza.example")!  // a constant that parses

    private static func request(_ fields: HTTPFields, authority: String? = "open.wekeza.example") -> Request {
        Request(
            head: HTTPRequest(method: .post, scheme: "https", authority: authority, path: "/my", headerFields: fields), body: RequestBody(buffer: ByteBuffer()))
    }

    private static let site = HTTPField.Name("Sec-Fetch-Site")!  // a constant that parses

    @Test(
        arguments: [
            [:], [.origin: "null"], [.origin: "https://open.wekeza.example"], [site: "same-origin"], [site: "none"], [site: "same-origin", .origin: "null"],
        ] as [HTTPFields])
    func `our own forms say so, or nothing`(fields: HTTPFields) {
        #expect(!Self.request(fields).comesFromElsewhere(than: Self.issuer))
    }

    @Test(
        arguments: [
            [.origin: "https://evil.example"], [.origin: "http://open.wekeza.example.evil.example"], [.origin: ""], [site: "cross-site"], [site: "same-site"],
            [site: "cross-site", .origin: "https://open.wekeza.example"], [site: "same-origin", .origin: "https://evil.example"],
            [site: "cross-site", .origin: "null"],
        ] as [HTTPFields])
    func `either sign of another site is enough`(fields: HTTPFields) {
        #expect(Self.request(fields).comesFromElsewhere(than: Self.issuer))
    }

    @Test func `the address in the bar need not be the public one`() {
        #expect(!Self.request([.origin: "http://127.0.0.1:8080"], authority: "127.0.0.1:8080").comesFromElsewhere(than: Self.issuer))
        #expect(Self.request([.origin: "http://127.0.0.1:8081"], authority: "127.0.0.1:8080").comesFromElsewhere(than: Self.issuer))
        #expect(Self.request([.origin: "http://127.0.0.1:8080"], authority: nil).comesFromElsewhere(than: Self.issuer))
    }

    @Test func `pages are told from the addresses of programs`() {
        for path in [
            "/", "/my", "/my/consents/cns_1/stop", "/portal", "/staff/sign-in", "/demo/connect", "/docs", "/r/req_1", "/oauth2/authorize",
            "/oauth2/authorize/decision",
        ] {
            #expect(PageAddress(path) != nil, "\(path)")
        }
        for path in [
            "/v1/accounts", "/oauth2/token", "/oauth2/userinfo", "/.well-known/openid-configuration", "/myself", "/portals", "/static/x/wekeza.css",
            "/openapi/accounts.yaml",
        ] {
            #expect(PageAddress(path) == nil, "\(path)")
        }
    }
}
