import JSON
import Testing

@Suite("RFC 8259 · JSON")
struct JSONValueTests {
    private func parse(_ text: String) -> JSONValue? { try? JSONValue(parsing: Array(text.utf8)) }

    @Test(arguments: [
        ("null", JSONValue.null), (" true ", .boolean(true)), ("-0", .number(JSONNumber(text: "-0"))), ("1.50e+3", .number(JSONNumber(text: "1.50e+3"))),
        (#""\u00e9\ud83d\ude00\/\n""#, .string("é😀/\n")), ("[]", .array([])), ("[1,[2]]", .array([.number(.init(1)), .array([.number(.init(2))])])),
    ])
    func `texts read into values`(text: String, value: JSONValue) {
        #expect(parse(text) == value)
    }

    @Test func `members keep their order, and equal objects have one canonical text`() {
        let first = parse(#"{"b":1,"a":{"d":[1, 2],"c":"x"}}"#)
        let second = parse(#"{ "a" : {"c":"\u0078","d":[1,2]}, "b" : 1 }"#)

        #expect(first?.object?.names == ["b", "a"])
        #expect(first?.canonicalText == second?.canonicalText)
        #expect(first?.canonicalText == #"{"a":{"c":"x","d":[1,2]},"b":1}"#)
        #expect(first?.canonicalText != parse(#"{"a":{"c":"x","d":[2,1]},"b":1}"#)?.canonicalText)
    }

    @Test(arguments: [
        "", " ", "nul", "tru", "01", "1.", ".5", "+1", "1e", "--1", "NaN", "Infinity", "'a'", "[1,]", "[,1]", "{,}", #"{"a":1,}"#, #"{"a"}"#, #"{a:1}"#,
        #"{"a":1 "b":2}"#, "[1 2]", "[1", #"{"a":1"#, #""a"#, "\"a\nb\"", #""\x""#, #""\u12""#, #""\ud800""#, #""\ud800\u0041""#, #""\udc00""#, "1 2", "{} {}",
        "\u{FEFF}{}", "/* */ {}",
    ])
    func `what is no JSON is refused`(text: String) {
        #expect(parse(text) == nil)
    }

    @Test(arguments: [#"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"{"x":{"a":1,"b":2,"a":3}}"#])
    func `a member named twice is refused, escapes or not`(text: String) {
        #expect(parse(text) == nil)
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, "/a"), (#"{"x":{"a":1,"b":2,"\u0061":3}}"#, "/x/a"), (#"{"x":[0,{"a/b~":1,"a/b~":2}]}"#, "/x/1/a~1b~0"),
    ])
    func `the member that stands twice is told by its place`(text: String, pointer: String) {
        let refusal = #expect(throws: MalformedJSON.self) { try JSONValue(parsing: text) }

        #expect(refusal?.repeatedMember == pointer)
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect((try? JSONValue(parsing: [34, 0xFF, 34])) == nil)
        #expect((try? JSONValue(parsing: [34, 0xC0, 0x80, 34])) == nil)
        #expect((try? JSONValue(parsing: [34, 0xED, 0xA0, 0x80, 34])) == nil)
    }

    @Test func `thirty-two levels are read, one more is not, and a hundred thousand end nothing`() {
        #expect(parse(String(repeating: "[", count: 32) + String(repeating: "]", count: 32)) != nil)
        #expect(parse(String(repeating: "[", count: 33) + String(repeating: "]", count: 33)) == nil)
        #expect(parse(String(repeating: "[", count: 100_000)) == nil)
        #expect(parse(String(repeating: #"{"a":"#, count: 100_000)) == nil)
    }

    @Test func `huge numbers keep their spelling and overflow nothing`() {
        #expect(parse("9223372036854775807")?.integer == .max)
        #expect(parse("9223372036854775808")?.integer == nil)
        #expect(parse("1e400")?.typeName == "number")
        #expect(parse("-1e-400") != nil)
        #expect(parse(String(repeating: "9", count: 64)) != nil)
        #expect(parse(String(repeating: "9", count: 65)) == nil)
    }

    @Test func `text for people is indented`() {
        #expect(parse(#"{"a":[1],"b":{}}"#)?.prettyText == "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}")
    }
}
