import Applications
import OAuth
import Testing

@Suite("Redirect URIs, one a line")
struct RedirectURILinesTests {
    @Test
    func `lines are read with their spaces and empty lines forgiven`() {
        let (uris, violations) = RedirectURILines.parse("  https://a.example/cb \r\n\r\n\thttp://localhost:8080/demo/callback\ncom.example.app:/back\n")

        #expect(uris.map(\.text) == ["https://a.example/cb", "http://localhost:8080/demo/callback", "com.example.app:/back"])
        #expect(violations.isEmpty)
    }

    @Test
    func `each wrong line is named with what to do`() {
        let (uris, violations) = RedirectURILines.parse(
            "https://a.example/cb\nhttp://evil.example/cb\nhttps://a.example/cb\nhttps://a.example/*\njavascript:alert(1)")

        #expect(uris.count == 1)
        #expect(violations.map(\.line) == [2, 3, 4, 5])
        #expect(violations.map(\.text).allSatisfy { $0.hasPrefix("Line ") })
    }

    @Test
    func `forty are read, the next line is refused, and the rest is not even looked at`() {
        let lines = (1...1000).map { "https://a.example/\($0)" }

        let (uris, violations) = RedirectURILines.parse(lines.joined(separator: "\n"))

        #expect(uris.count == 40)
        #expect(violations.count == 1 && violations[0].line == 41)
    }

    @Test
    func `nothing is nothing`() {
        #expect(RedirectURILines.parse(" \n \n").redirectURIs.isEmpty)
        #expect(RedirectURILines.parse(" \n \n").violations.isEmpty)
    }
}
