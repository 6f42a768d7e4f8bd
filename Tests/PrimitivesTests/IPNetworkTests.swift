import Primitives
import Testing

@Suite("IP networks")
struct IPNetworkTests {
    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.0/24"), ("192.0.2.77/24", "192.0.2.0/24"), ("10.31.255.255/13", "10.24.0.0/13"), ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1/32", "192.0.2.1"), ("192.0.2.1/0", "0.0.0.0/0"), ("2001:db8::1", "2001:db8::1"), ("2001:DB8::1/128", "2001:db8::1"),
        ("2001:db8::1/0", "::/0"),
        ("::ffff:192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.77/120", "192.0.2.0/24"), ("::ffff:0:0/96", "0.0.0.0/0"), ("::ffff:192.0.2.1/128", "192.0.2.1"),
    ]) func `RFC 4632 §3.1 bits behind the prefix are dropped`(text: String, canonical: String) {
        #expect(IPNetwork(text)?.description == canonical)
    }

    @Test(arguments: [
        "2001:0DB8:0000:CD30:0000:0000:0000:0000/60", "2001:0DB8::CD30:0:0:0:0/60", "2001:0DB8:0:CD30::/60", "2001:0DB8:0:CD30:123:4567:89AB:CDEF/60",
    ])
    func `RFC 4291 §2.3 each text of a prefix is the same network`(text: String) {
        #expect(IPNetwork(text)?.description == "2001:db8:0:cd30::/60")
    }

    @Test func `RFC 4291 §2.3 leading zeros may be left out, trailing ones may not`() {
        #expect(IPNetwork("2001:0DB8:0:CD3/60") == nil)
        #expect(IPNetwork("2001:0DB8::CD30/60")?.description == "2001:db8::/60")
        #expect(IPNetwork("2001:0DB8::CD3/60")?.description == "2001:db8::/60")
    }

    private static let refused: [(String, IPNetwork.Refusal)] = [
        ("", .address), ("/8", .address), ("example.com", .address), ("10.0.0.01/8", .address), ("10.0.0/8", .address), ("10.*", .address),
        ("10.0.0.1-10.0.0.9", .address),
        ("fe80::1%eth0", .zone), ("fe80::%eth0/10", .zone), ("10.0.0.0/", .prefix), ("10.0.0.0/08", .prefix), ("10.0.0.0/+8", .prefix),
        ("10.0.0.0/-1", .prefix),
        ("10.0.0.0/ 8", .prefix), ("10.0.0.0/8/8", .prefix), ("10.0.0.0/255.0.0.0", .prefix), ("10.0.0.0/٨", .prefix), ("::/1000", .prefix),
        ("10.0.0.0/33", .prefixTooLong(most: 32)), ("2001:db8::/129", .prefixTooLong(most: 128)), ("::ffff:10.0.0.0/129", .prefixTooLong(most: 128)),
        ("::ffff:10.0.0.0/8", .mappedPrefix), ("::ffff:10.0.0.0/95", .mappedPrefix),
    ]

    @Test(arguments: refused) func `what is no network says what to do`(text: String, refusal: IPNetwork.Refusal) {
        #expect(IPNetwork.read(text) == .failure(refusal))
        #expect(!refusal.message.isEmpty && !refusal.message.hasSuffix("."))
    }

    @Test(arguments: [
        ("10.24.0.0/13", "10.24.0.0", true), ("10.24.0.0/13", "10.31.255.255", true), ("10.24.0.0/13", "10.23.255.255", false),
        ("10.24.0.0/13", "10.32.0.0", false),
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.0", false), ("0.0.0.0/0", "255.255.255.255", true), ("192.0.2.0/31", "192.0.2.1", true),
        ("2001:db8:0:cd30::/60", "2001:db8:0:cd3f:ffff:ffff:ffff:ffff", true), ("2001:db8:0:cd30::/60", "2001:db8:0:cd40::", false), ("::1", "::1", true),
        ("::1", "::2", false),
        ("2001:db8::/127", "2001:db8::1", true), ("::/0", "ffff::", true),
    ]) func `it holds the addresses that share its first bits`(network: String, address: String, isInside: Bool) throws {
        #expect(try #require(IPNetwork(network)).contains(try #require(IPAddress(address))) == isInside)
    }

    @Test func `the two families do not hold each other's addresses, whatever the text`() throws {
        let everyIPv6 = try #require(IPNetwork("::/0")), everyIPv4 = try #require(IPNetwork("0.0.0.0/0"))

        #expect(!everyIPv6.contains(try #require(IPAddress("192.0.2.1"))))
        #expect(!everyIPv6.contains(try #require(IPAddress("::ffff:192.0.2.1"))))
        #expect(!everyIPv4.contains(try #require(IPAddress("::1"))))
        #expect(everyIPv4.contains(try #require(IPAddress("::ffff:192.0.2.1"))))
        #expect(everyIPv4.isEverything && everyIPv6.isEverything && IPNetwork("10.0.0.0/8")?.isEverything == false)
    }
}
