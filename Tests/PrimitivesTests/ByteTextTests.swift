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
