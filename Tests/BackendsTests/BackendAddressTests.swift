import Testing

@testable import Backends

@Suite("A backend's address (RFC 3986 §3)")
struct BackendAddressTests {
    @Test(arguments: [
        ("https://core.bank", true, "core.bank", 443, "core.bank", ""), ("http://core.bank/", false, "core.bank", 80, "core.bank", ""),
        ("http://localhost:9000/openapi/", false, "localhost", 9000, "localhost:9000", "/openapi"),
        ("https://[::1]:8443/a/b", true, "::1", 8443, "[::1]:8443", "/a/b"), ("https://[2001:db8::1]", true, "2001:db8::1", 443, "[2001:db8::1]", ""),
        ("http://10.0.0.1:65535", false, "10.0.0.1", 65535, "10.0.0.1:65535", ""),
    ])
    func `it is taken apart`(text: String, isSecure: Bool, host: String, port: Int, authority: String, path: String) throws {
        let address = try #require(BackendAddress(text))

        #expect(address.isSecure == isSecure && address.host == host && address.port == port && address.authority == authority && address.path == path)
    }

    @Test(arguments: [
        "", "core.bank", "ftp://core.bank", "https://", "https:///a", "https://core.bank/a?b=c", "https://user@core.bank", "https://core.bank/a b",
        "https://a#b",
        "https://core.bank:", "https://core.bank:0", "https://core.bank:65536", "https://core.bank:x", "https://:443", "https://[::1", "https://[]",
        "https://[::1]x",
        "https://bänk", "https://core.bank/\r\n", "HTTPS://core.bank",
    ])
    func `what is none is refused`(text: String) { #expect(BackendAddress(text) == nil) }
}
