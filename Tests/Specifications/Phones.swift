import Composition
import Crypto
import Foundation
import Primitives
import TestSupport
import Testing

/// An authenticator app, written from RFC 6238 alone: it knows the key that a page showed, and the time.
struct TestPhone: Sendable {
    let key: [UInt8]
    let recoveryCodes: [String]

    init(key: [UInt8], recoveryCodes: [String] = []) {
        self.key = key
        self.recoveryCodes = recoveryCodes
    }

    /// Reads the key from the page as somebody types it.
    init?(page: String) {
        guard let text = page.firstMatch(of: /<code id="key">([A-Z2-7 ]+)<\/code>/)?.1 else { return nil }
        var (bits, bytes) = ("", [UInt8]())
        for letter in text where letter != " " {
            guard let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".firstIndex(of: letter) else { return nil }
            let number = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".distance(from: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".startIndex, to: value)
            bits += String(repeating: "0", count: 5 - String(number, radix: 2).count) + String(number, radix: 2)
        }
        while bits.count >= 8 {
            bytes.append(UInt8(bits.prefix(8), radix: 2) ?? 0)
            bits = String(bits.dropFirst(8))
        }
        self.init(key: bytes)
    }

    func code(at now: Timestamp) -> String {
        let step = withUnsafeBytes(of: UInt64(now.seconds / 30).bigEndian) { Array($0) }
        let digest = Array(HMAC<Insecure.SHA1>.authenticationCode(for: step, using: SymmetricKey(data: key)))
        let place = Int(digest[19] & 15)
        let number = (UInt32(digest[place] & 127) << 24) | (UInt32(digest[place + 1]) << 16) | (UInt32(digest[place + 2]) << 8) | UInt32(digest[place + 3])
        return String(format: "%06d", number % 1_000_000)
    }
}

extension TestServer {
    /// Where a population's pages about the second factor lie.
    enum Population: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case customer, developer, staff

        var testDescription: String { rawValue }
        var signIn: String { ["customer": "/my/sign-in", "developer": "/portal/sign-in", "staff": "/staff/sign-in"][rawValue] ?? "" }
        var home: String { ["customer": "/my", "developer": "/portal", "staff": "/staff"][rawValue] ?? "" }
        var factor: String {
            ["customer": "/my/security/second-factor", "developer": "/portal/settings/second-factor", "staff": "/staff/second-factor"][rawValue] ?? ""
        }
        var name: String { ["customer": "amina.traveler", "developer": DemoWorld.developer.email, "staff": DemoWorld.staff.email][rawValue] ?? "" }
        var password: String {
            ["customer": DemoWorld.customerPassword, "developer": DemoWorld.developer.password, "staff": DemoWorld.staff.password][rawValue] ?? ""
        }
        var email: String { ["customer": "amina.traveler@example.test"][rawValue] ?? name }
        var cookie: String { ["customer": "wkz_customer", "developer": "wkz_dev", "staff": "wkz_staff"][rawValue] ?? "" }
    }

    /// A browser that has sent name and password.
    func afterPassword(_ who: Population, browser: TestBrowser? = nil) async throws -> TestBrowser {
        let browser = browser ?? TestBrowser(self)
        try await browser.open(who.signIn)
        try await browser.submit("password", [("username", who.name), ("password", who.password)])
        return browser
    }

    /// Turns the factor on in this browser, which is signed in, and moves the clock past the code that it took.
    func turnOn(_ who: Population, in browser: TestBrowser) async throws -> TestPhone {
        try await browser.open(who.factor)
        let begin = try #require(await browser.forms.first { $0.action == "\(who.factor)/begin" })
        try await browser.submit(begin, [])
        let phone = try #require(await TestPhone(page: browser.page))
        try await browser.submit("code", [("code", phone.code(at: clock.now)), ("password", who.password)])
        let codes = await browser.page.matches(of: /<li class="recovery-codes__item"><code>([^<]+)<\/code>/).map { String($0.1) }
        clock.advance(by: .minutes(1))
        return TestPhone(key: phone.key, recoveryCodes: codes)
    }

    /// Somebody with a factor, who is signed in nowhere but in the browser that turned it on.
    func enrolled(_ who: Population) async throws -> (phone: TestPhone, browser: TestBrowser) {
        let browser = try await afterPassword(who)
        return (try await turnOn(who, in: browser), browser)
    }
}
