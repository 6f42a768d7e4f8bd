import OAuth
import Testing

@testable import CustomerPages

@Suite("Pages of the app's own on the consent page")
struct OwnPageTests {
    private static func addresses(_ pages: [ClientMetadata.Page: String], isLocal: Bool = false) -> [String] {
        var metadata = ClientMetadata()
        metadata.pages = pages
        return OwnPage.all(of: metadata, isLocal: isLocal).map(\.address)
    }

    @Test func `website, privacy policy and terms are shown in this order, the logo is not`() {
        var metadata = ClientMetadata()
        for page in ClientMetadata.Page.allCases { metadata.pages[page] = "https://a.example/\(page.rawValue)" }

        let pages = OwnPage.all(of: metadata, isLocal: false)

        #expect(pages.map(\.title) == ["Its website", "Its privacy policy", "Its terms of use"])
        #expect(pages.map(\.address) == ["https://a.example/client_uri", "https://a.example/policy_uri", "https://a.example/tos_uri"])
    }

    /// None of them can be registered, but one: were it kept all the same, nobody would be led there.
    @Test(arguments: [
        "javascript:alert(1)", "JavaScript://a.example/%0aalert(1)", "data:text/html,x", "http://a.example/", "http://10.0.0.1/", "com.example.app:/x",
        "//a.example", "",
    ])
    func `only https leads anywhere`(address: String) {
        for isLocal in [false, true] { #expect(Self.addresses([.policy: address], isLocal: isLocal).isEmpty) }
    }

    @Test func `a page on this machine is shown where we are on this machine too`() {
        #expect(Self.addresses([.terms: "http://localhost:3000/terms"]).isEmpty)
        #expect(Self.addresses([.terms: "http://localhost:3000/terms"], isLocal: true) == ["http://localhost:3000/terms"])
    }
}
