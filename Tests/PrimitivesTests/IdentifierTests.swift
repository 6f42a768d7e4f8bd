import Foundation
import Primitives
import TestSupport
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    @Test func `a random one bears its prefix and reads back`() {
        let id = ConsentID.random(from: SeededRandom())

        #expect(id.rawValue.hasPrefix("cns_"))
        #expect(id.rawValue.count == 24)
        #expect(ConsentID(id.rawValue) == id)
    }

    @Test(arguments: [
        "", "cns_", "cns", "app_abc", "cns_a b", "cns_ä", "cns_a/b", "cns_a'", "CNS_abc", " cns_abc", "cns_" + String(repeating: "a", count: 61), "cns_\0",
    ])
    func `text of another kind is refused`(text: String) {
        #expect(ConsentID(text) == nil)
    }

    @Test func `decoding checks as parsing does`() throws {
        #expect(try JSONDecoder().decode([ConsentID].self, from: Data(#"["cns_abc"]"#.utf8)).first?.rawValue == "cns_abc")
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([ConsentID].self, from: Data(#"["acc_abc"]"#.utf8)) }
    }

    @Test func `no two of ten thousand are alike`() {
        let randomness = SystemRandom()

        #expect(Set((0..<10_000).map { _ in RequestID.random(from: randomness) }).count == 10_000)
    }
}
