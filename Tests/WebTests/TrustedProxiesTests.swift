import HTTPTypes
import Primitives
import Testing

@testable import Web

@Suite("X-Forwarded-For, as far as trusted proxies wrote it")
struct TrustedProxiesTests {
    private static let proxies = TrustedProxies(["127.0.0.1", "10.0.0.0/8", "2001:db8:f::/48"].compactMap(IPNetwork.init))

    private func client(_ lines: [String], from peer: String = "127.0.0.1", trusted: TrustedProxies = proxies) -> String? {
        var headers = HTTPFields()
        for line in lines { headers.append(HTTPField(name: .xForwardedFor, value: line)) }
        return IPAddress(peer).map { trusted.client(of: headers, from: $0).description }
    }

    @Test func `without trusted proxies the field is not read`() {
        #expect(client(["192.0.2.1"], trusted: .none) == "127.0.0.1")
        #expect(TrustedProxies.none.isEmpty)
    }

    @Test(arguments: ["203.0.113.9", "::1", "11.0.0.1", "2001:db8:e::1"]) func `a peer that is not trusted speaks for itself`(peer: String) {
        #expect(client(["192.0.2.1"], from: peer) == peer)
    }

    @Test(arguments: ["127.0.0.1", "10.9.8.7", "2001:db8:f:1::7", "::ffff:10.0.0.1"]) func `a trusted peer names its client`(peer: String) {
        #expect(client(["192.0.2.1"], from: peer) == "192.0.2.1")
        #expect(client(["2001:DB8:0::1"], from: peer) == "2001:db8::1")
        #expect(client(["::ffff:192.0.2.1"], from: peer) == "192.0.2.1")
    }

    @Test func `a trusted peer without the field is the client`() {
        #expect(client([]) == "127.0.0.1")
    }

    private static let chains: [([String], String)] = [
        (["192.0.2.1, 10.0.0.7"], "192.0.2.1"), (["192.0.2.1", "10.0.0.7"], "192.0.2.1"), (["192.0.2.1,10.0.0.8 ,\t10.0.0.7"], "192.0.2.1"),
        (["2001:db8::1, 2001:db8:f::1"], "2001:db8::1"), (["192.0.2.1, ::ffff:10.0.0.7"], "192.0.2.1"),
    ]

    @Test(arguments: chains) func `through several trusted proxies it is the last address that is none of theirs`(lines: [String], expected: String) {
        #expect(client(lines) == expected)
    }

    private static let forgeries: [([String], String)] = [
        (["198.51.100.7, 192.0.2.1"], "192.0.2.1"), (["198.51.100.7", "192.0.2.1"], "192.0.2.1"),
        (["10.0.0.7, 198.51.100.7, 192.0.2.1, 10.0.0.7"], "192.0.2.1"),
        (["198.51.100.7, nonsense, 192.0.2.1"], "192.0.2.1"),
    ]

    @Test(arguments: forgeries) func `what a client wrote before its own address is not believed`(lines: [String], expected: String) {
        #expect(client(lines) == expected)
    }

    @Test(arguments: [
        "unknown", "_hidden", "", " ", "192.0.2.1:", "192.0.2.1:99999", "192.0.2.1:8x", "01.2.3.4", "fe80::1%eth0", "[::1", "[192.0.2.1]", "[::1]x",
        "\"192.0.2.1\"", "1.2.3.4 5",
    ])
    func `an entry that is no address ends the search at the proxy that passed it on`(entry: String) {
        #expect(client(["192.0.2.1, \(entry)"]) == "127.0.0.1")
        #expect(client(["192.0.2.1, \(entry), 10.0.0.7"]) == "10.0.0.7")
        #expect(client(["192.0.2.1", entry, "10.0.0.8, 10.0.0.7"]) == "10.0.0.8")
    }

    @Test func `when all are trusted it is the first`() {
        #expect(client(["10.0.0.9, 10.0.0.8", "10.0.0.7"]) == "10.0.0.9")
    }

    @Test(arguments: [
        ("192.0.2.1:567", "192.0.2.1"), ("[2001:db8::1]:567", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"), (" 192.0.2.1:1 ", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:1", "192.0.2.1"),
        ("2001:db8::567", "2001:db8::567"), ("::1", "::1"),
    ]) func `an entry may carry a port`(entry: String, expected: String) {
        #expect(TrustedProxies.address(in: entry[...])?.description == expected)
    }
}
