import Certificates
import Testing

/// RFC 4514 texts, and when two names are the same (RFC 5280 §7.1).
@Suite("Distinguished names")
struct DistinguishedNameTests {
    @Test(arguments: [
        ("CN=Acme,O=Bank,C=KE", "cn=acme, o=bank, c=ke"),
        ("CN=Acme  Budget,O=Bank", " CN = Acme Budget , O = Bank "),
        ("CN=Stra\\C3\\9Fe", "CN=Straße"),
        ("CN=Lu\\C4\\8Di\\C4\\87", "CN=Lučić"),
        ("OU=Sales+CN=J.  Smith,DC=example", "CN=J. Smith+OU=Sales,DC=example"),
        ("2.5.4.3=Acme", "CN=Acme"),
        ("CN=#0c0441636d65", "CN=Acme"),
        ("emailAddress=a@bank.example", "E=A@bank.example"),
        ("CN=e\\CC\\81", "CN=é"),
    ])
    func `the same name in other letters`(one: String, other: String) throws {
        #expect(try #require(DistinguishedName(rfc4514: one)) == #require(DistinguishedName(rfc4514: other)))
    }

    @Test(arguments: [
        ("CN=Acme,O=Bank", "O=Bank,CN=Acme"),
        ("CN=Acme,O=Bank", "CN=Acme"),
        ("CN=Acme", "O=Acme"),
        ("CN=Acme", "CN=Acme2"),
        ("CN=A,CN=B", "CN=A+CN=B"),
        ("CN=Acme\\, O=Bank", "CN=Acme,O=Bank"),
        ("CN=Acme", "CN=Аcme"),  // Cyrillic
        ("CN=fi", "CN=ﬁ"),
        ("CN=#0403414243", "CN=ABC"),
    ])
    func `another name`(one: String, other: String) throws {
        #expect(try #require(DistinguishedName(rfc4514: one)) != #require(DistinguishedName(rfc4514: other)))
    }

    @Test(arguments: [
        "", "CN", "CN=", "=Acme", "CN=A,", ",CN=A", "CN=A,,O=B", "CN=A;O=B", "CN=A\\", "CN=\\zz", "CN=\\C3", "CN=#", "CN=#0", "CN=#zz", "CN=#0c05", "CN=#0c00",
        "2.5.4.5=#1300", "CN=\"A\"",
        "X=A",
        "1=A", "2.5.4.3.=A", "9.9=A", "2.99999999999999999999=A", "CN=A<B", "CN=A\0B", "C N=A", String(repeating: "CN=A,", count: 300) + "CN=A",
    ])
    func `no name`(text: String) {
        #expect(DistinguishedName(rfc4514: text) == nil)
    }

    @Test(arguments: [
        ("cn=Acme , o=Bank\\, Ltd.", "CN=Acme,O=Bank\\, Ltd."), ("CN=\\#1", "CN=\\#1"), ("CN=\\ A\\ ", "CN=\\ A\\ "), ("CN=A\\0AB", "CN=A\\0aB"),
        ("2.5.4.97=PSDKE-CBK-1", "organizationIdentifier=PSDKE-CBK-1"), ("1.2.3.4=x", "1.2.3.4=x"), ("2.999.1=x", "2.999.1=x"),
    ])
    func `its text`(given: String, text: String) throws {
        let name = try #require(DistinguishedName(rfc4514: given))

        #expect(name.text == text)
        #expect(DistinguishedName(rfc4514: name.text) == name)
    }
}
