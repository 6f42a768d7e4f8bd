import Passwords
import Testing

@Suite("Password rules")
struct PasswordRulesTests {
    private let rules = PasswordRules()

    @Test(arguments: [
        "mbuzi huenda sokoni", "kT9#vLq2", "Ünïcödé pässphrâse", "пароль для банка", "密码密码安全通行语句", " leading space", "one two three four",
        "tr0mbone-on-the-roof",
        "cafe\u{301} au lait", "caf\u{E9} au lait", "🦒🦒🌍🌋🏔🥁🎺🛶", "93847261058473love", "8471936205!a",
    ])
    func `a password that is long enough and not well known is accepted`(password: String) {
        #expect(rules.refusal(of: password) == nil)
    }

    @Test(arguments: [
        ("", PasswordRules.Refusal.empty), ("kT9#vLq", .tooShort), ("short", .tooShort), ("🦒🦒🌍🌋🏔🥁🎺", .tooShort),
        ("with\0nul in it", .controlCharacter),
        ("password", .common), ("Password", .common), ("PASSWORD1", .common), ("p@ssw0rd", .common), ("P@ssw0rd!", .common), ("password2026!", .common),
        ("iloveyou", .common), ("sunshine99", .common), ("Arsenal2024", .common), ("adminadmin", .common), ("adminpassword", .common), ("letmein123", .common),
        ("qwertyuiop", .common), ("12345678", .common), ("Nairobi254!", .common), ("godisgood", .common), ("Safaricom1", .common),
        ("ffffffff", .repetition), ("abababab", .repetition), ("xyzqxyzqxyzq", .repetition), ("________", .repetition),
        ("abcdefghijk", .sequence), ("jihgfedcba", .sequence), ("23456789", .sequence), ("456789012345", .sequence), ("zxcvbnmm", .sequence),
    ])
    func `a weak password is refused for its reason`(password: String, refusal: PasswordRules.Refusal) {
        #expect(rules.refusal(of: password) == refusal)
    }

    @Test
    func `1024 characters are accepted, 1025 are not, and bytes are bounded too`() {
        let text = String("mbuzi huenda sokoni na ng'ombe wanalala ".prefix(40))
        let long = String(repeating: text, count: 25) + "kT9#vLq2kT9#vLq2mbuzi!!!"

        #expect(long.unicodeScalars.count == 1024)
        #expect(rules.refusal(of: long) == nil)
        #expect(rules.refusal(of: long + "x") == .tooLong)
        #expect(rules.refusal(of: String(repeating: "x", count: 10_000_000)) == .tooLong)
    }

    @Test(arguments: [
        ("nekesabarasa", ["Nekesa Barasa"]), ("Nekesa2026", ["Nekesa Barasa"]), ("acmebudget1", ["Acme Budget"]), ("AcmeBudget!", ["Acme Budget"]),
        ("nekesa@example.com", ["nekesa@example.com"]), ("barasa-nekesa", ["Nekesa Barasa"]),
    ])
    func `a password made of its owner's words is refused`(password: String, personal: [String]) {
        #expect(rules.refusal(of: password, personal: personal) == .personal)
    }

    @Test(arguments: ["nekesa eats mandazi at dawn", "the budget of seven goats", "kT9#vLq2"])
    func `a password may mention its owner when enough of it is something else`(password: String) {
        #expect(rules.refusal(of: password, personal: ["Nekesa Barasa", "Acme Budget", "nekesa@example.com"]) == nil)
    }

    @Test
    func `each refusal says what to do`() {
        for refusal in PasswordRules.Refusal.allCases { #expect(!refusal.message.isEmpty) }
    }

    @Test
    func `hostile input is judged quickly`() {
        let clock = ContinuousClock()
        let inputs = [
            String(repeating: "@", count: 1024), String(repeating: "ab", count: 512), String(repeating: "é", count: 1024),
            String(repeating: "love", count: 256),
        ]

        let elapsed = clock.measure { for input in inputs { _ = rules.refusal(of: input, personal: inputs) } }

        #expect(elapsed < .seconds(1))
    }
}
