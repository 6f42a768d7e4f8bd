import JOSE
import Testing

@Suite("RFC 8259 · JSON as tokens carry it")
struct JSONValueTests {
    @Test func `an object keeps its members in order and gives back its text`() throws {
        let text = #"{"iss":"http://localhost","n":[1,-2,3.5,true,false,null],"o":{"ä":"\u0041\n"}}"#

        let value = try JSONValue(parsing: text)

        #expect(value.object?["o"]?.object?["ä"]?.string == "A\n")
        #expect(value.text == #"{"iss":"http://localhost","n":[1,-2,3.5,true,false,null],"o":{"ä":"A\u000a"}}"#)
    }

    @Test func `§4 a member named twice is refused, on every level and in every spelling`() {
        for text in [#"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"{"x":[{"a":1,"b":2,"a":3}]}"#] {
            #expect(throws: JSONRefusal.duplicateMember) { try JSONValue(parsing: text) }
        }
    }

    @Test func `what nests deeper than 16 levels is refused, however deep`() throws {
        _ = try JSONValue(parsing: String(repeating: "[", count: 16) + String(repeating: "]", count: 16))

        for depth in [17, 10_000, 30_000] {
            #expect(throws: JSONRefusal.tooDeep) {
                try JSONValue(parsing: String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
            }
        }
    }

    @Test func `what is longer than the limit or has more members than we read is refused`() {
        #expect(throws: JSONRefusal.tooLong) { try JSONValue(parsing: "\"" + String(repeating: "a", count: 200) + "\"", limit: 100) }
        #expect(throws: JSONRefusal.tooMany) { try JSONValue(parsing: "[" + Array(repeating: "0", count: 1001).joined(separator: ",") + "]") }
    }

    @Test(arguments: [
        "", " ", "{", "}", "[", "[1,", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "'a'", "tru", "nulll", "01", "-", "1.", ".5", "1e", "+1", "1e400",
        "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\u0000\"", "\"\n\"", "{} {}", "\u{FEFF}{}", "NaN",
        "--1", "1 2", "\\", "[1 2]",
    ])
    func `text that is not JSON is refused`(text: String) {
        #expect(throws: JSONRefusal.self) { try JSONValue(parsing: text) }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] {
            #expect(throws: JSONRefusal.malformed) { try JSONValue(parsing: bytes) }
        }
    }

    @Test func `numbers beyond 64 bits do not trap`() throws {
        #expect(try JSONValue(parsing: "9223372036854775807").integer == .max)
        #expect(try JSONValue(parsing: "9223372036854775808").integer == nil)
        #expect(try JSONValue(parsing: "1e300") == .number(1e300))
        #expect(throws: JSONRefusal.tooLong) { try JSONValue(parsing: String(repeating: "9", count: 41)) }
    }

    @Test func `surrogate pairs become their character`() throws {
        #expect(try JSONValue(parsing: #""\ud83d\ude00""#).string == "😀")
    }

    @Test func `random bytes never trap`() {
        var state: UInt64 = 7
        for _ in 0..<20_000 {
            let alphabet = Array(#"{}[]",:\u0aeE+-.truefalsn 159"#.utf8) + [0, 0xFF, 0xC3]
            let bytes = (0..<24).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return alphabet[Int(state >> 33) % alphabet.count]
            }
            _ = try? JSONValue(parsing: bytes)
        }
    }
}
