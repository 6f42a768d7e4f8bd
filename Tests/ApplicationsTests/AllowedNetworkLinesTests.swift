import Applications
import Primitives
import Testing

@Suite("Allowed addresses, one a line")
struct AllowedNetworkLinesTests {
    @Test func `lines are read with their spaces and empty lines forgiven`() {
        let (networks, violations) = AllowedNetworkLines.parse("  192.0.2.10 \r\n\r\n\t10.1.2.3/8\n2001:DB8::/32\n")

        #expect(networks.map(\.description) == ["192.0.2.10", "10.0.0.0/8", "2001:db8::/32"])
        #expect(violations.isEmpty)
    }

    @Test func `each wrong line is named with what to do`() {
        let (networks, violations) = AllowedNetworkLines.parse("10.0.0.0/8\n10.1.2.3/8\n10.0.0.0/33\nserver.example\n\nfe80::1%eth0")

        #expect(networks.count == 1)
        #expect(
            violations.map(\.text) == [
                "Line 2: This address stands here twice", "Line 3: Use a prefix of at most /32", "Line 4: \(IPNetwork.Refusal.address.message)",
                "Line 6: \(IPNetwork.Refusal.zone.message)",
            ])
    }

    @Test func `a hundred are read, the next line is refused, and the rest is not even looked at`() {
        let (networks, violations) = AllowedNetworkLines.parse((0..<250).map { "10.0.0.\($0)" }.joined(separator: "\n"))

        #expect(networks.count == 100)
        #expect(violations.count == 1 && violations[0].line == 101)
    }

    @Test func `nothing is nothing`() {
        #expect(AllowedNetworkLines.parse(" \n \n").networks.isEmpty)
        #expect(AllowedNetworkLines.parse(" \n \n").violations.isEmpty)
    }
}
