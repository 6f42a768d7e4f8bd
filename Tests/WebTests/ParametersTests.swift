import Testing
import Web

@Suite("Parameters")
struct ParametersTests {
    @Test func `escapes, plus signs, empty values and missing ones`() throws {
        let parameters = try #require(Parameters(urlEncoded: "a=1+2&b=%C3%A4%2B&c=&d&=e&a=3"))

        #expect(parameters["a"] == "1 2")
        #expect(parameters["b"] == "ä+")
        #expect(parameters["c"] == "")
        #expect(parameters["d"] == "")
        #expect(parameters[""] == "e")
        #expect(parameters["x"] == nil)
        #expect(parameters.all("a") == ["1 2", "3"])
    }

    @Test func `RFC 6749 §3.1 a repeated parameter is noticed, whatever its escapes`() {
        #expect(Parameters(urlEncoded: "a=1&b=2")?.repeatedName == nil)
        #expect(Parameters(urlEncoded: "a=1&b=2&a=1")?.repeatedName == "a")
        #expect(Parameters(urlEncoded: "state=1&st%61te=2")?.repeatedName == "state")
    }

    @Test(arguments: ["a=%", "a=%4", "a=%zz", "a=%C3", "a=%FF", "%=1", "a=%00", "a=%ED%A0%80", "a=%C0%AF"])
    func `broken escapes, bytes that are not UTF-8 and NUL are refused`(text: String) {
        #expect(Parameters(urlEncoded: text) == nil)
    }

    @Test(arguments: ["", "&", "&&&"])
    func `nothing is no parameter`(text: String) {
        #expect(Parameters(urlEncoded: text)?.pairs.isEmpty == true)
    }

    @Test func `an equals sign belongs to the value after the first`() {
        #expect(Parameters(urlEncoded: "a=b=c")?["a"] == "b=c")
    }

    @Test func `a thousand parameters are read, one more is refused`() {
        #expect(Parameters(urlEncoded: (0..<1_000).map { "p\($0)=1" }.joined(separator: "&"))?.pairs.count == 1_000)
        #expect(Parameters(urlEncoded: (0..<1_001).map { "p\($0)=1" }.joined(separator: "&")) == nil)
        #expect(Parameters(urlEncoded: String(repeating: "a=1&", count: 100_000)) == nil)
    }

    @Test func `encoding reads back`() {
        let pairs = [(name: "redirect_uri", value: "https://a.example/cb?x=1&y=ä #+%"), (name: "~-._", value: "")]
        let encoded = Parameters(pairs).urlEncoded

        #expect(encoded == "redirect_uri=https%3A%2F%2Fa.example%2Fcb%3Fx%3D1%26y%3D%C3%A4%20%23%2B%25&~-._=")
        #expect(Parameters(urlEncoded: encoded)?.pairs.map(\.value) == pairs.map(\.value))
    }
}
