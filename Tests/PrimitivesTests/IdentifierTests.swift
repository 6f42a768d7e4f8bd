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

        #expect(Set((0..<10_000).map { _ in ConsentID.random(from: randomness) }).count == 10_000)
        #expect(Set((0..<10_000).map { _ in RequestID(at: .epoch, from: randomness) }).count == 10_000)
    }

    @Test func `those made at a time sort by it, to the millisecond`() {
        let start = Timestamp(milliseconds: 1_795_704_076_123)
        let moments = [0, 1, 2, 31, 32, 33, 1023, 1024, 86_400_000, 1_000_000_000_000].map { start + .milliseconds($0) }

        let ids = moments.map { RequestID(at: $0, from: SystemRandom()) }

        #expect(ids == ids.sorted())
        #expect(ids.allSatisfy { $0.rawValue.count == 29 && RequestID($0.rawValue) == $0 && $0.rawValue == $0.rawValue.lowercased() })
        #expect(ConsentID(at: moments[0], from: SystemRandom()) < ConsentID(at: moments[1], from: SystemRandom()))
        #expect(RequestID(at: Timestamp(milliseconds: -5), from: SystemRandom()).rawValue.hasPrefix("req_000000000"))
    }
}
