import Foundation
import HTTPTypes
import Primitives
import Testing

@testable import Web

@Suite("RFC 9440 · Client-Cert")
struct ClientCertFieldsTests {
    private func read(_ leaf: [String], _ chain: [String] = []) throws(ClientCertRefusal) -> PresentedCertificate? {
        var headers = HTTPFields()
        for line in leaf { headers.append(HTTPField(name: .clientCert, value: line)) }
        for line in chain { headers.append(HTTPField(name: .clientCertChain, value: line)) }
        return try PresentedCertificate.read(headers)
    }

    @Test func `no field, no certificate`() throws {
        #expect(try read([]) == nil)
    }

    @Test func `§2.2 a byte sequence`() throws {
        #expect(try read([":AQID:"]) == PresentedCertificate(der: [1, 2, 3], witness: .proxy))
        #expect(try read(["  :AQID:  "])?.der == [1, 2, 3])
        // RFC 8941 §3.1.2: parameters that nobody defined are ignored.
        #expect(try read([":AQID:;a=1"])?.der == [1, 2, 3])
    }

    @Test func `§2.3 a list of byte sequences, on one line or several`() throws {
        let expected = PresentedCertificate(der: [1], chain: [[2], [3]], witness: .proxy)

        #expect(try read([":AQ==:"], [":Ag==:, :Aw==:"]) == expected)
        #expect(try read([":AQ==:"], [":Ag==:", ":Aw==:"]) == expected)
        #expect(try read([":AQ==:"], [""])?.chain == [])
    }

    @Test(arguments: [
        "", "AQID", ":AQID", "AQID:", "::", ":AQI:", ":A QID:", ":AQ-_:", "\"AQID\"", "?1", "1", "1.5", "@1", "token", "(:AQID:)", ":AQID: x", ":AQID:,",
        ":AQID:;", "%\"a\"",
        "\u{e9}", ":\u{e9}:", String(repeating: "(", count: 5000), String(repeating: "9", count: 5000),
    ]) func `§2.2 what is no byte sequence`(text: String) {
        #expect(throws: ClientCertRefusal.malformed(.clientCert)) { try read([text]) }
    }

    @Test func `§2.2 two lines are two certificates, which nobody has`() {
        #expect(throws: ClientCertRefusal.malformed(.clientCert)) { try read([":AQID:", ":AQID:"]) }
    }

    @Test(arguments: ["AQID", ":AQID:,", ":AQID: :AQID:", "(:AQID:)", ":AQID:, 1", "::", "a=:AQID:"]) func `§2.3 what is no list of them`(text: String) {
        #expect(throws: ClientCertRefusal.malformed(.clientCertChain)) { try read([":AQID:"], [text]) }
    }

    @Test func `§2.3 a chain longer than any, and one without its certificate`() {
        #expect(throws: ClientCertRefusal.longChain) { try read([":AQID:"], Array(repeating: ":AQID:", count: 11)) }
        #expect(throws: ClientCertRefusal.chainWithoutCertificate) { try read([], [":AQID:"]) }
    }

    @Test(arguments: [
        ("https://mtls.bank.example", "https://mtls.bank.example", "mtls.bank.example"), ("https://Localhost:8443/", "https://localhost:8443", "localhost"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", "2001:db8::1"),
    ]) func `a base address`(text: String, address: String, host: String) throws {
        let base = try #require(MutualTLSBase(text))

        #expect(base.text == address && base.host == host && base.address("/oauth2/token") == address + "/oauth2/token")
    }

    @Test(arguments: ["http://bank.example", "https://", "https://bank.example/path", "bank.example", "https://bank.example?x", "https://a@b"])
    func `no base address`(text: String) {
        #expect(MutualTLSBase(text) == nil)
    }

    @Test(arguments: [
        ("http://localhost:8080", "https://localhost:8443"), ("https://bank.example", "https://bank.example:8443"), ("http://[::1]:80", "https://[::1]:8443"),
    ]) func `the issuer's host with another port`(issuer: String, address: String) throws {
        #expect(MutualTLSBase(of: try #require(Issuer(issuer)), port: 8443).text == address)
    }
}
