import HTTPTypes
import Hummingbird
import NIOCore
import Pages
import Primitives
import TestSupport
import Testing
import Web

@Suite("Cookies that only we can read")
struct SealedCookieTests {
    private struct Note: Codable, Sendable, Equatable { let text: String }

    private static let now = ManualClock().now
    private static let cookies = CookiePolicy(secure: false)

    private static func cookie(_ name: String = "wkz_note", purpose: String = "test/note") -> SealedCookie<Note> {
        SealedCookie(name, purpose: purpose, lifetime: .minutes(10), rootKey: .test, cookies: cookies)
    }

    private static func request(carrying response: Response) -> Request {
        let pairs = response.headers[values: .setCookie].map { String($0.prefix { $0 != ";" }) }
        return Request(
            head: HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: "/", headerFields: [.cookie: pairs.joined(separator: "; ")]),
            body: RequestBody(buffer: ByteBuffer()))
    }

    @Test func `what was set comes back, unreadable on the way, until it is over`() throws {
        var response = Response(status: .ok)

        try Self.cookie().set(Note(text: "wkz_sk_x"), at: Self.now, on: &response)

        let request = Self.request(carrying: response)
        #expect(response.headers[values: .setCookie].allSatisfy { !$0.contains("wkz_sk") && $0.contains("Max-Age=600") && $0.contains("HttpOnly") })
        #expect(Self.cookie().content(in: request, at: Self.now + .minutes(9)) == Note(text: "wkz_sk_x"))
        #expect(Self.cookie().content(in: request, at: Self.now + .minutes(10)) == nil)
    }

    @Test func `of another purpose, changed or missing it is none`() throws {
        var response = Response(status: .ok)
        try Self.cookie().set(Note(text: "x"), at: Self.now, on: &response)
        var changed = Response(status: .ok)
        Self.cookies.set("wkz_note", to: "AAAA", on: &changed)

        #expect(Self.cookie(purpose: "test/other").content(in: Self.request(carrying: response), at: Self.now) == nil)
        #expect(Self.cookie().content(in: Self.request(carrying: changed), at: Self.now) == nil)
        #expect(Self.cookie("wkz_other").content(in: Self.request(carrying: response), at: Self.now) == nil)
    }
}
