import Primitives
import Testing

@Suite("IP addresses")
struct IPAddressTests {
    @Test(arguments: ["0.0.0.0", "9.10.99.100", "192.0.2.1", "255.255.255.255"])
    func `dotted decimal reads and prints`(text: String) {
        #expect(IPAddress(text)?.description == text)
        #expect(IPAddress(text)?.isIPv4 == true)
    }

    private static let forms = [
        ("ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"), ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("2001:DB8::8:800:200C:417A", "2001:db8::8:800:200c:417a"), ("FF01:0:0:0:0:0:0:101", "ff01::101"), ("FF01::101", "ff01::101"),
        ("0:0:0:0:0:0:0:1", "::1"), ("::1", "::1"), ("0:0:0:0:0:0:0:0", "::"), ("::", "::"), ("0:0:0:0:0:0:13.1.68.3", "::d01:4403"),
        ("::13.1.68.3", "::d01:4403"),
        ("1::", "1::"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ]

    @Test(arguments: forms) func `RFC 4291 §2.2 each form is read`(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
        #expect(IPAddress(text)?.isIPv4 == false)
    }

    private static let recommended = [
        ("2001:0db8::0001", "2001:db8::1"), ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:0AaA", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaa"), ("1:0:0:2:0:0:0:0", "1:0:0:2::"),
        ("0:0:1:0:0:0:1:0", "0:0:1::1:0"),
    ]

    @Test(arguments: recommended) func `RFC 5952 §4 an address prints in one way`(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(arguments: ["::FFFF:129.144.52.38", "0:0:0:0:0:FFFF:129.144.52.38", "::ffff:8190:3426"])
    func `RFC 4291 §2.5.5.2 an IPv4-mapped address is the IPv4 address`(text: String) {
        #expect(IPAddress(text) == IPAddress("129.144.52.38"))
        #expect(IPAddress(text)?.description == "129.144.52.38")
        #expect(IPAddress(text)?.isIPv4 == true)
    }

    @Test func `the loopback addresses of both families are two`() {
        #expect(IPAddress("::1") != IPAddress("127.0.0.1"))
        #expect(IPAddress(v4: 0x7F00_0001) == IPAddress("127.0.0.1"))
        #expect(IPAddress(v6: 1) == IPAddress("::1"))
    }

    @Test(arguments: [
        "", " ", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.", ".1.2.3", "127.1", "2130706433", "0x7f.0.0.1", "01.2.3.4", "1.2.3.04", "010.0.0.1", "00.0.0.0",
        "+1.2.3.4",
        "1.2.3.-4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4\n", "1.2.3.4\0", "1.2.3.4\0.5", "1.2.3.4:80", "1.2.3.4/24", "١.٢.٣.٤", "localhost", "example.com",
        "_hidden", "unknown",
    ]) func `what is no IPv4 address is none`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ":", ":::", "1::2::3", "12345::", "g::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "1:2:3:4:5:6:7:", ":2:3:4:5:6:7:8", "::1 ", "[::1]",
        "[::1]:80", "::1\0",
        "fe80::1%eth0", "fe80::1%1", "::ffff:01.2.3.4", "::ffff:1.2.3", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::1/64", "0x1::", "-1::",
        "2001:db8::1:" + String(repeating: "0", count: 60),
    ]) func `what is no IPv6 address is none, and a zone id is not read`(text: String) {
        #expect(IPAddress(text) == nil)
    }
}
