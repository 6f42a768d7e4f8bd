import Contract
import Testing

@Suite("Patterns of the contract")
struct PatternTests {
    @Test(arguments: [
        (
            "^acc_[0-9A-Za-z_-]{1,60}$", ["acc_a", "acc_" + String(repeating: "9", count: 60)],
            ["acc_", "acc_é", "xacc_a", "acc_a\n", "acc_" + String(repeating: "9", count: 61)]
        ),
        (#"^-?\d{1,13}(\.\d{1,3})?$"#, ["0", "-12", "1250.00", "1.234"], ["", "-", ".5", "1.", "1.2345", "12345678901234", "1,0", "+1"]),
        ("^[!-~]{1,40}$", ["a", "~!", #"\^[]"#], ["", "a b", "\u{7F}", "é"]),
        ("^[A-Z]{3}$", ["KES"], ["KE", "KESS", "kes"]),
        ("^a*b+$", ["b", "aaab", "abbb"], ["", "a", "ba"]),
        ("^(ab){2}c?$", ["abab", "ababc"], ["ab", "ababab", "ababcc"]),
        ("^$", [""], ["a"]),
    ])
    func `a pattern matches whole texts`(pattern: String, matching: [String], others: [String]) throws {
        let pattern = try #require(Pattern(pattern))

        #expect(matching.filter { !pattern.matches($0) } == [])
        #expect(others.filter { pattern.matches($0) } == [])
    }

    @Test(arguments: ["a", "^a", "a$", "^(a|b)$", "^.$", #"^\w$"#, "^[a$", "^(a$", "^a)$", "^a{2$", "^a{3,2}$", "^a{1,9999}$", "^*$", "^[z-a]$", "^é$"])
    func `what is not understood is refused when the contract is read`(pattern: String) {
        #expect(Pattern(pattern) == nil)
    }

    @Test func `no text makes it slow`() throws {
        // (a*)*b on a row of a's takes a backtracking matcher longer than the universe lasts.
        let pattern = try #require(Pattern("^(a*)*b$"))

        #expect(!pattern.matches(String(repeating: "a", count: 20_000)))
    }
}
