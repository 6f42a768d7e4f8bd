import Primitives
import Testing

@Suite("Texts made of bytes")
struct ByteTextTests {
    @Test(arguments: [
        (0, 1, "0"), (0, 3, "000"), (7, 1, "7"), (7, 2, "07"), (10, 1, "10"), (99, 2, "99"), (100, 2, "100"), (-5, 1, "-5"), (-5, 3, "-005"),
        (1_000_000_000_000_000_000, 1, "1000000000000000000"), (Int64.max, 1, "9223372036854775807"), (Int64.min, 1, "-9223372036854775808"),
    ])
    func `a number in decimal, with zeros up to its width`(value: Int64, width: Int, text: String) {
        var bytes = Array("x".utf8)
        bytes.append(decimal: value, width: width)
        #expect(String(decoding: bytes, as: UTF8.self) == "x" + text)
    }

    @Test func `the greatest number that there is has twenty digits`() {
        var bytes: [UInt8] = []
        bytes.append(decimal: UInt64.max)
        #expect(String(decoding: bytes, as: UTF8.self) == "18446744073709551615")
    }

    @Test(arguments: [
        ("", "", true), ("a", "a", true), ("a", "", false), ("", "a", false), ("app_1", "app_2", false), ("app_1", "app_11", false),
        ("a text that is not a small one", "a text that is not a small one", true), ("a text that is not a small one", "a text that is not a small two", false),
        ("caf\u{E9}", "caf\u{E9}", true), ("caf\u{E9}", "cafe\u{301}", false), ("\u{212B}", "\u{C5}", false),
    ])
    func `texts have the same bytes, or only look alike`(one: String, another: String, isSame: Bool) {
        #expect(one.hasBytes(of: another) == isSame)
        #expect(Substring("<" + one).dropFirst().description.hasBytes(of: another) == isSame)
    }

    @Test(arguments: [
        ("req_1", "req_2", 4, true), ("req_1", "req_2", 5, false), ("req_1", "req", 3, true), ("req_1", "req", 4, false), ("req", "req", 9, true),
        ("", "a", 0, true),
        ("a text that is not a small one", "a text that is not a small two", 27, true),
        ("a text that is not a small one", "a text that is not a small two", 28, false),
    ])
    func `texts begin with the same bytes`(one: String, another: String, length: Int, isSame: Bool) {
        #expect(one.hasBytes(of: another, upTo: length) == isSame)
        #expect(Substring("<" + one).dropFirst().description.hasBytes(of: another, upTo: length) == isSame)
    }

    @Test(arguments: [
        ("", 3, ""), ("abc", 3, "abc"), ("abcd", 3, "abc"), ("a", 0, ""), ("a\u{E9}b", 2, "a"), ("a\u{E9}b", 3, "a\u{E9}"), ("\u{1F600}", 3, ""),
        ("e\u{301}\u{301}\u{301}", 5, "e\u{301}\u{301}"),
    ])
    func `the beginning of a text ends between two of its scalars`(text: String, length: Int, beginning: String) {
        #expect(text.beginning(bytes: length).hasBytes(of: beginning))
    }

    @Test func `printable ASCII is what stands between the controls, and one stranger anywhere is seen`() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<20 {
                var text = Array("ordinary words, ~ok!".utf8)
                text[place] = byte
                #expect(text.withUnsafeBufferPointer(\.isPrintableASCII) == (0x20..<0x7F).contains(byte), "\(byte) at \(place)")
            }
        }
        #expect([UInt8]().withUnsafeBufferPointer(\.isPrintableASCII))
    }
}
