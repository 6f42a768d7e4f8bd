import OAuth
import Primitives
import TestSupport
import Testing

@Suite("Explained refusals · their rules")
struct RefusalRuleTests {
    @Test func `each rule has a name of its own, a clause, a statement without a full stop and an advice`() {
        for rule in RefusalRule.all {
            #expect(RefusalRule.named(rule.name) == rule, "\(rule.name)")
            #expect((1...32).contains(rule.name.utf8.count), "\(rule.name)")
            #expect(rule.clause.contains(/(RFC \d{4}|FAPI 2\.0[A-Za-z ]*|OpenID Connect Core|OAuth 2\.0 Multiple Response Types) §\d/), "\(rule.name)")
            #expect(!rule.statement.hasSuffix("."), "\(rule.name)")
            #expect(rule.advice.hasSuffix("."), "\(rule.name)")
        }
        #expect(Set(RefusalRule.all.map(\.name)).count == RefusalRule.all.count)
    }

    @Test func `each code says where it is defined`() {
        for code in OAuthError.Code.allCases { #expect(code.clause.contains("§"), "\(code)") }
    }

    @Test func `no rule is known by another name`() {
        #expect(RefusalRule.named("") == nil)
        #expect(RefusalRule.named("CODE_VERIFIER") == nil)
    }
}

@Suite("Explained refusals · what came")
struct ReceivedTests {
    @Test(arguments: ["wkz_sk_4f1c", "wkz_ac_9a", "wkz_rt_77", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln", "scope wkz_sk_4f1c"])
    func `a secret in the wrong place is told by its length`(secret: String) throws {
        let received = try #require(Received.value(secret))

        #expect(received.text.hasPrefix("\(secret.utf8.count) characters"))
        #expect(!received.text.contains("4f1c"))
        #expect(!received.text.contains("c2ln"))
    }

    @Test func `a secret is told by its kind and its length alone`() {
        #expect(Received.secret("wkz_rt_abcdef")?.text == "13 characters, a refresh token")
        #expect(Received.secret("hunter2")?.text == "7 characters")
        #expect(Received.secret(nil) == nil)
    }

    @Test func `what cannot be seen is escaped, and what is long is cut`() throws {
        #expect(Received.value("a\nb\u{202E}c")?.text == "a%0Ab%E2%80%AEc")
        #expect(try #require(Received.value(String(repeating: "x", count: 5000))).text.utf8.count == 160)
        #expect(Received.value(String(repeating: "\u{0}", count: 5000))?.text.hasSuffix("...") == true)
    }
}

@Suite("Explained refusals · their seal")
struct RefusalSealTests {
    private let app = AppID(trusted: "app_7Hq2VbX9kPzR4mWd1234")
    private let now = Timestamp(seconds: 1_790_000_000)
    private let seal = RefusalSeal(rootKey: .test)

    private func refusal(expected: String? = nil, received: Received? = nil) -> ExplainedRefusal {
        ExplainedRefusal(.against(.verifier, "It does not answer.", expected: expected, received: received), of: app, at: .token, now: now)
    }

    @Test func `what was sealed opens for seven days`() throws {
        let refusal = refusal(expected: "one whose S256 is E9Me", received: .note("one whose S256 is 47DE"))
        let text = seal.seal(refusal)

        #expect(seal.open(text, at: now) == refusal)
        #expect(seal.open(text, at: now + .days(7) - .seconds(1)) == refusal)
        #expect(seal.open(text, at: now + .days(7)) == nil)
    }

    @Test func `a refusal without an explanation opens too`() throws {
        let refusal = ExplainedRefusal(OAuthError(.serverError, "Something went wrong."), of: app, at: .par, now: now)

        #expect(seal.open(seal.seal(refusal), at: now) == refusal)
    }

    @Test(arguments: ["", "x", String(repeating: "y", count: 3000), String(repeating: "\u{1F600}", count: 300)])
    func `every one is equally long, whatever it tells`(text: String) throws {
        let sealed = seal.seal(refusal(expected: text, received: .value(text)))

        #expect(sealed.utf8.count == RefusalSeal.length)
        #expect(seal.open(sealed, at: now)?.rule == .verifier)
    }

    @Test func `the longest names leave room for both texts`() throws {
        let long = AppID(trusted: "app_" + String(repeating: "a", count: 60))
        for rule in RefusalRule.all {
            let error = OAuthError.against(rule, "No.", expected: String(repeating: "e", count: 500), received: .value(String(repeating: "r", count: 500)))
            let opened = try #require(seal.open(seal.seal(ExplainedRefusal(error, of: long, at: .introspect, now: now)), at: now), "\(rule.name)")

            #expect(opened.rule == rule)
            #expect(try #require(opened.expected).utf8.count > 40, "\(rule.name)")
            #expect(try #require(opened.received).utf8.count > 40, "\(rule.name)")
        }
    }

    @Test func `it has only characters that an error_uri may have, RFC 6749 §4-1-2-1`() {
        #expect(seal.seal(refusal()).utf8.allSatisfy { $0 == 0x21 || (0x23...0x5B).contains($0) || (0x5D...0x7E).contains($0) })
    }

    @Test func `a changed, shortened or foreign text does not open`() throws {
        let text = seal.seal(refusal())
        for place in stride(from: 0, to: text.utf8.count, by: 31) {
            var bytes = Array(text.utf8)
            bytes[place] = bytes[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(seal.open(String(decoding: bytes, as: UTF8.self), at: now) == nil, "\(place)")
        }
        #expect(seal.open(String(text.dropLast()), at: now) == nil)
        #expect(seal.open("", at: now) == nil)
        #expect(try RefusalSeal(rootKey: #require(RootKey(bytes: Array(repeating: 9, count: 32)))).open(text, at: now) == nil)
    }
}
