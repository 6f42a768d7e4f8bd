import Primitives
import Testing

@Suite("Text that others read on one line")
struct OneLineTests {
    @Test(arguments: ["Acme Budget", "Ng’ombe & Söhne", "Wanjikũ", "貯金アプリ", "محفظة", "Budget 😀", "A"])
    func `names of all scripts are taken`(name: String) {
        #expect(OneLine.refusal(of: name) == nil)
    }

    @Test(arguments: [
        "Acme\u{200B}Budget", "Acme\u{202E}tegduB", "Acme\nBudget", "Acme\r\nBudget", "Acme\u{2028}Budget", "Acme\u{85}Budget", "Acme\u{7}",
        "Acme\u{2066}x\u{2069}",
        "\u{FEFF}Acme", "A\u{AD}cme", "Acme\u{200D}", "Acme\u{3164}", "Acme\u{E000}", "Acme\tBudget", "Acme\u{E0041}",
    ])
    func `what cannot be seen is refused`(name: String) {
        #expect(OneLine.refusal(of: name) == .unseen)
    }

    @Test(arguments: ["", " ", "\n", "\u{2003}"])
    func `nothing is no name`(name: String) {
        #expect(OneLine.refusal(of: name) == .missing)
    }

    @Test func `sixty characters are enough, whatever they are made of`() {
        #expect(OneLine.refusal(of: String(repeating: "é", count: 60)) == nil)
        #expect(OneLine.refusal(of: String(repeating: "e", count: 61)) == .tooLong)
        #expect(OneLine.refusal(of: String(repeating: "e\u{301}\u{302}\u{303}", count: 60)) == .tooLong)
        #expect(OneLine.refusal(of: String(repeating: "x", count: 200), longest: 200) == nil)
    }
}
