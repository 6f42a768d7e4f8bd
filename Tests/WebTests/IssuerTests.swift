import Testing
import Web

@Suite("The issuer")
struct IssuerTests {
    @Test(arguments: [
        ("http://localhost:8080", "http://localhost:8080"), ("https://bank.example/", "https://bank.example"), ("https://BANK.example", "https://bank.example"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ])
    func `scheme and authority are kept`(text: String, kept: String) {
        #expect(Issuer(text)?.text == kept)
        #expect(Issuer(text)?.address("/oauth2/token") == kept + "/oauth2/token")
    }

    @Test(arguments: [
        "", "localhost:8080", "ftp://a", "http://", "http:///", "http://a/b", "http://a//", "http://u@a", "http://a?b", "http://a#b", "http://a b",
        "javascript://a",
        "http://ä", "http://a\\b", "//a",
    ])
    func `paths, queries, people and other schemes are refused`(text: String) {
        #expect(Issuer(text) == nil)
    }
}
