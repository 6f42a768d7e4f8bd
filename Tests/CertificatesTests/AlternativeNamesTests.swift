import Certificates
import Primitives
import Testing

/// RFC 9525: which hosts a server's certificate is taken for.
@Suite("RFC 9525 · Names of a server")
struct AlternativeNamesTests {
    @Test(arguments: [
        ("bank.example", true), ("BANK.example", true), ("api.bank.example", false), ("example", false), ("", false),
        ("a.apps.bank.example", true), ("A.Apps.bank.example", true), ("apps.bank.example", false), ("a.b.apps.bank.example", false),
        ("192.0.2.7", true), ("192.0.2.8", false), ("2001:db8::7", true), ("2001:db8:0::7", true), ("2001:db8::8", false),
    ]) func `§6.3 a name holds for its host, an asterisk for one label, an address for itself`(host: String, isCovered: Bool) throws {
        let hosts = ["bank.example", "*.apps.bank.example", "192.0.2.7", "2001:db8::7"]
        let made = try DevelopmentCertificate.make(hosts: hosts, at: noon, randomness: SystemRandom())
        let names = try ClientCertificate.read(try PEMText(made.certificate).certificates[0]).get().alternativeNames

        #expect(names.covers(host) == isCovered)
    }
}
