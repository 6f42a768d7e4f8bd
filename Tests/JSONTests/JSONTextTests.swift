import JSON
import Testing

@Suite("JSON text")
struct JSONTextTests {
    /// RFC 8259 §7: the quotation mark, the reverse solidus and U+0000 to U+001F.
    @Test func `each byte that must be escaped is found wherever it stands, and no other is`() {
        for byte in UInt8.min...UInt8.max {
            let isEscaped = byte < 0x20 || byte == 0x22 || byte == 0x5C
            for place in 0..<20 {
                var text = [UInt8](repeating: 0x7F, count: 20)
                text[place] = byte
                #expect(text.withUnsafeBufferPointer { JSONText.firstEscaped(in: $0) } == (isEscaped ? place : 20), "\(byte) at \(place)")
            }
        }
    }

    @Test func `the search begins where it is told`() {
        let text = Array(#"a"bcdefgh"ijklmnopqr\"#.utf8)
        let places = [0, 2, 10, text.count].map { start in text.withUnsafeBufferPointer { JSONText.firstEscaped(in: $0, from: start) } }
        #expect(places == [1, 9, text.count - 1, text.count])
    }

    @Test func `what is written is read again, whatever it holds`() throws {
        let texts = (0...24).map { length in (0..<length).map { String(UnicodeScalar(UInt8(($0 * 11 + length) % 128))) }.joined() } + ["ü\"\u{2028}\\é\u{0}"]
        for text in texts {
            let object = JSONObject([(text, .string(text)), ("n", .integer(7))])
            let read = try JSONValue(parsing: object.bytes)
            #expect(read == .object(object))
        }
    }
}
