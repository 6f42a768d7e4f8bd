import HTTPTypes
import Testing
import Web

@Suite("W3C Trace Context §3.2 · traceparent")
struct TraceParentTests {
    private static let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func `the trace id is the second field`() {
        let parent = TraceParent(Self.valid)

        #expect(parent?.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(parent?.text == Self.valid)
    }

    @Test func `a later version may say more`() {
        #expect(TraceParent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-will-be-like") != nil)
    }

    @Test(arguments: [
        "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\u{0451}",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-" + String(repeating: "x", count: 300),
    ])
    func `what the standard calls invalid is ignored`(text: String) {
        #expect(TraceParent(text) == nil)
    }

    @Test func `two of them are none`() {
        let field = HTTPField(name: .traceParent, value: Self.valid)

        #expect(TraceParent(of: HTTPFields([field]))?.text == Self.valid)
        #expect(TraceParent(of: HTTPFields([field, field])) == nil)
        #expect(TraceParent(of: [:]) == nil)
    }
}
