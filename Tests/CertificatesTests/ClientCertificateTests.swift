import Certificates
import Foundation
import Primitives
import Testing

/// What is read from a certificate that OpenSSL made, and what is refused.
@Suite("Client certificates")
struct ClientCertificateTests {
    private static func der(_ base64: String) throws -> [UInt8] { Array(try #require(Data(base64Encoded: base64))) }

    @Test func `RFC 5280 §4.1 its fields`() throws {
        let certificate = try ClientCertificate.read(try Self.der(Samples.client)).get()

        #expect(certificate.subject.text == "CN=acme-budget,O=Acme Budget,C=KE")
        #expect(certificate.subject == DistinguishedName(rfc4514: "cn=ACME-BUDGET, o=Acme  Budget, c=ke"))
        #expect(certificate.issuer == certificate.subject && certificate.isSelfSigned)
        #expect(certificate.serialNumber == "280416e96f4c04a2cbb78e1c81cfdb56147ddaca")
        #expect(certificate.notBefore.rfc3339 == "2026-11-26T18:40:08Z" && certificate.notAfter.rfc3339 == "2109-01-15T18:40:08Z")
        #expect(certificate.publicKey == .p256)
        #expect(certificate.subjectPublicKeyInfo == (try Self.der(Samples.clientKey)))
    }

    @Test func `RFC 8705 §3.1 its thumbprint is the SHA-256 of its DER`() throws {
        let certificate = try ClientCertificate.read(try Self.der(Samples.client)).get()

        #expect(certificate.thumbprint.text == "Ow_hus1iZOldVZbhWS80Kyccly9LnduvFnLSC4dyCG0")
        #expect(Thumbprint(certificate.thumbprint.text) == certificate.thumbprint)
        #expect(Thumbprint("Ow_hus1iZOldVZbhWS80Kyccly9LnduvFnLSC4dyCG") == nil && Thumbprint("") == nil)
    }

    @Test func `RFC 8705 §2.1.2 its alternative names`() throws {
        let names = try ClientCertificate.read(try Self.der(Samples.client)).get().alternativeNames

        #expect(names.dns == ["client.acme.example", "*.acme.example"])
        #expect(names.uris == ["https://acme.example/client"])
        #expect(names.ips == ["192.0.2.7", "2001:db8::7"].compactMap { IPAddress($0) })
        #expect(names.emails == ["ops@acme.example"])
    }

    @Test func `a weak key, and one of a kind that we do not take, are told apart`() throws {
        #expect(ClientCertificate.read(try Self.der(Samples.rsa1024)) == .failure(.weakKey(bits: 1024)))
        #expect(ClientCertificate.read(try Self.der(Samples.secp256k1)) == .failure(.unsupportedKey))
    }

    @Test(arguments: [[], [0x30], [0x30, 0x00], [0x30, 0x80], [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], Array(repeating: 0x30, count: 2000)] as [[UInt8]])
    func `bytes that are no certificate`(bytes: [UInt8]) {
        #expect(ClientCertificate.read(bytes) == .failure(.malformed))
    }

    @Test func `more than any certificate has`() {
        #expect(ClientCertificate.read(Array(repeating: 0, count: ClientCertificate.largest + 1)) == .failure(.tooLarge))
    }

    @Test func `whatever is cut or changed, reading it ends`() async throws {
        let whole = try Self.der(Samples.client)
        var refused = 0
        for der in mutilations(of: whole) {
            switch ClientCertificate.read(der) {
            case .failure: refused += 1
            case .success(let certificate):
                #expect(certificate.thumbprint != Thumbprint(ofDER: whole))
                _ = (certificate.subject.text, certificate.untimeliness(at: noon))
            }
        }
        #expect(refused > 400)
    }

    @Test func `its time counts, to the last second`() throws {
        let certificate = try TestAuthority("Root").issue(from: noon, until: noon + .minutes(1))

        #expect(certificate.untimeliness(at: noon - .milliseconds(1)) == .notYetValid(from: noon))
        #expect(certificate.untimeliness(at: noon) == nil)
        #expect(certificate.untimeliness(at: noon + .seconds(60) + .milliseconds(999)) == nil)
        #expect(certificate.untimeliness(at: noon + .seconds(61)) == .expired(at: noon + .minutes(1)))
    }
}

/// Made with OpenSSL 3.
enum Samples {
    static let client =
        "MIICQzCCAemgAwIBAgIUKAQW6W9MBKLLt44cgc/bVhR92sowCgYIKoZIzj0EAwIwOTELMAkGA1UEBhMCS0UxFDASBgNVBAoMC0FjbWUgQnVkZ2V0MRQwEgYDVQQDDAthY21lLWJ1ZGdldDAgFw0yNjExMjYxODQwMDhaGA8yMTA5MDExNTE4NDAwOFowOTELMAkGA1UEBhMCS0UxFDASBgNVBAoMC0FjbWUgQnVkZ2V0MRQwEgYDVQQDDAthY21lLWJ1ZGdldDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNBO4gJ3y2upmQexe4yF2VXH2JR3ht0w6N9yGBF5Hql3KuKA7rC2XffAgLGzz4c8NRfIR4DPpzGxgzXBJrr1FWmjgcwwgckwDAYDVR0TAQH/BAIwADAOBgNVHQ8BAf8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUHAwIwdQYDVR0RBG4wbIITY2xpZW50LmFjbWUuZXhhbXBsZYIOKi5hY21lLmV4YW1wbGWGG2h0dHBzOi8vYWNtZS5leGFtcGxlL2NsaWVudIcEwAACB4cQIAENuAAAAAAAAAAAAAAAB4EQb3BzQGFjbWUuZXhhbXBsZTAdBgNVHQ4EFgQUe1PETqa1AVJp3Y75Yb9Ofjf3Q0EwCgYIKoZIzj0EAwIDSAAwRQIgQW0+oO1OOzwy596+DHG/YLrCRbMs6cJ7eLOJbCmHlxsCIQDnhEQBdrMwz5WzWdj3IZZbmSe9V2PpZFUVfqhUq1ALxg=="
    static let clientKey =
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0E7iAnfLa6mZB7F7jIXZVcfYlHeG3TDo33IYEXkeqXcq4oDusLZd98CAsbPPhzw1F8hHgM+nMbGDNcEmuvUVaQ=="
    static let rsa1024 =
        "MIIB/DCCAWWgAwIBAgIUeVOiLIa4+x1k4yYn2BaB3odHlMIwDQYJKoZIhvcNAQELBQAwDzENMAsGA1UEAwwEd2VhazAgFw0yNjExMjYxODQwMDhaGA8yMTA5MDExNTE4NDAwOFowDzENMAsGA1UEAwwEd2VhazCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAtZmRxcazK2+r5r1Gx6AvmLmNwygD7IfssZCOBuymFz5PjprbKIF02fyBr9O1BagT/rK3I/x6G16auZdfTB78zVqItKbFQDg3VL7ML2xWSr6vBZovIiprwwxzLkX7uvcn1kYspEk+2E0kEGUnc+gItbhZP3XE/wz+OmZC15pzHysCAwEAAaNTMFEwHQYDVR0OBBYEFGCwtKTA1tXfvK+Vo8rM20XBWYWyMB8GA1UdIwQYMBaAFGCwtKTA1tXfvK+Vo8rM20XBWYWyMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEAp9xwFwYKidbIu+WXMLkJrWa0/xBuZCNBglo2dn9gA2O252XirfVlPsGjH6WuLPyOs5TLD483yJuQhBpHvJ1xxhG7Wu9xiMKer5cx0oTsAzYdvKLj/YHq4YpzkCbIUusvIVTTSie/hlWC82JMewaNE3LOC1bp2Nkbeipwt2beaS0="
    static let secp256k1 =
        "MIIBeDCCAR6gAwIBAgIUGA3nUARZTznPEX94i25tb8ATghQwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHa29ibGl0ejAgFw0yNjExMjYxODQwMDhaGA8yMTA5MDExNTE4NDAwOFowEjEQMA4GA1UEAwwHa29ibGl0ejBWMBAGByqGSM49AgEGBSuBBAAKA0IABJqrEfR9t8AvvBV8+OSkAPJa8NopAHa69SRv5ryR1OC6uviLyXOlg+2wKX+Ms6IUhy5XRmH8CFLQZFzhN+bPIGqjUzBRMB0GA1UdDgQWBBQu0VuUWT6Gq4RPbGlaZusszOobZDAfBgNVHSMEGDAWgBQu0VuUWT6Gq4RPbGlaZusszOobZDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDPdf04dK9rHznQ4jxVuU/zktOWRSoPwpXZozIsHjucsAIgCtm0NEJeAubjuk0ibDhmm6/t7ETYcZFpoTaUlOhgZEU="
    static let weakRequest =
        "MIIBTjCBuAIBADAPMQ0wCwYDVQQDDAR3ZWFrMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDVBB6jPxaMU+ui4amW59R/6pdiWTFH08HUzijFVKPpi+u3utRAp8P91AejQlY3PKv8HvAEFXaQcicSEOZGpOpU50wAsRSsSx1o8EYLKUrFg2q4E6JXxtw65UZoUclEgPaQX85KoyeJIGh9z7VU48NZza2UckYXBFI0ubaK7u8q5QIDAQABoAAwDQYJKoZIhvcNAQELBQADgYEAYW+fCfbV2YmNu53RnX5hQUNi0jQJ1TF4bXGBWth2ft/2ZgHyT0FXiJF88B3qld4qpgHANS9ppk20ZDF2O7BJByS6eyCus4cEO2yiFGfE8h6SVy7OJgkpRHo6W9jf++vOPiu7qLg4teOWOFAIeAEZ2V3z+Ohm924LwNoP8wCDJf0="
    static let ed25519Request =
        "MIGMMEACAQAwDTELMAkGA1UEAwwCZWQwKjAFBgMrZXADIQDGgxTMrwkajDQfiaJ6Uv8fw9h6bumuMJdKYM6xNNT196AAMAUGAytlcANBAMmk+g7Rb4w2PIaatmKEzu1FLM5KG4D7ge9KmtQ2mTvVXxPpQSNveqgQysAp9uw7L4jd+To0SaRBVai+HsigJgs="
    /// Of an RSA key of 2048 bits, and what it issued.
    static let rsaRoot =
        "MIIDGTCCAgGgAwIBAgIULBQXXf7GK5HC790td2qNCbOMzYYwDQYJKoZIhvcNAQELBQAwEzERMA8GA1UEAwwIUlNBIFJvb3QwIBcNMjYxMTI2MTk0ODA5WhgPMjEwOTAxMTUxOTQ4MDlaMBMxETAPBgNVBAMMCFJTQSBSb290MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsWKBtE/1kqlF2hM6MJWSBZZFrT4KCChoOtcljnYXezVBx0FIKfazN86ukhTOmPEI3vkQkQel3CKEeZZu8cf5FncYL8lFHgHV5TQn9BEQHjtFpPR9eJT5uYXVAOtR9fLEwtr39/YMFullWeczTDP5uK/CCot1tQmocDSqyj+jBMy2sVNpnX/gQ9IqXDNIyamIiSTgu2UlZIxFCeW+9Vo8rqkP2mhBNWxk6my3/y0Yr7A2dPgDf7SgFjCF75vOPAnz4UxsTtkXBb+SOZeA/661MzDc4J1WuX3jpSB0/tY8myquKBkmZyfJgI+aqLYM0q7LIbqeFCAwdkvPm+SLySEpqQIDAQABo2MwYTAdBgNVHQ4EFgQUGUQ14XGr3VaRHPS9FMnuYjRirEcwHwYDVR0jBBgwFoAUGUQ14XGr3VaRHPS9FMnuYjRirEcwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwDQYJKoZIhvcNAQELBQADggEBAFFIvboG/wxy396i9tPXyXOM7gyEa5ZsqSIpkgoCyFh3UzW929pATv61AO/JjMhi3t3NkwqVy6SVJ1hJM1nTf2Tcduhy5ABYZSG4sIH72Z13DMLh0hqqHQB6ZU+ReIiVFqm1BNRsIWe5pyK+JD0h3svfHTdNA7ahRxCyo4sUU9ZCc+fwy4wZMns+zwTZl55Lu5VOao4lJUV7UOJYZEFOWZa7uGc3B3axSmo9HM8hKXsTFVXlQron5kmfnbDRLVkEzlp+0khHH5glt3ZXUhMLcCJg4PDtiovIILTRlkeidMZubaxIhHMrmkRLPR3ZBKLZq9wk7XVWHxwHY9KPsXlWrUA="
    static let signedWithSHA256 =
        "MIICPjCCASagAwIBAgIUBGWJ82zwQUBs0YDYTuOFCRpQkGQwDQYJKoZIhvcNAQELBQAwEzERMA8GA1UEAwwIUlNBIFJvb3QwIBcNMjYxMTI2MTk0ODA5WhgPMjEwNjA0MjExOTQ4MDlaMA8xDTALBgNVBAMMBGFjbWUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQz1bE3giasOxf87fxTOiHcMWIJoJXehQ5Sgtho7MSIp2K0XWpwHIiRyyn53zspOpUoauwqSRDBfuPHh5DlNrVvo1cwVTATBgNVHSUEDDAKBggrBgEFBQcDAjAdBgNVHQ4EFgQU8oVvB5fLBKH46XZusWgFaaR/1N0wHwYDVR0jBBgwFoAUGUQ14XGr3VaRHPS9FMnuYjRirEcwDQYJKoZIhvcNAQELBQADggEBAI7nl4dTWhOt0cB5/FZAwPCGab/dR8sZ4W12Armz08VvloloJZaG6aBXDFGoaXzEedy93HIl+v5ug0wJwyzpzQ6RLwNDetQfxiNFH3gZvpo5TIPrabq98NLxc5iTN9TQxoBByPgZRM7HB0gZCXI7Ay8i5KBwiQ2UAolgh/KnVvcYLhqn2OKaykkYIWGxycvJwUB3wsqGYQRJ8WLoUQ8C7/94DrI6rUUT8FVMwx/gg/Q0nSr8R+e24Pp1C2VlI0kCWLwmWriI6/gbhrhLr+/FtEbt8cMJ+IC5mjHihV+vTyTRYB1EhaUhLHXu+jZDf1eLcsBuKaXpWRy1cRuBLwQqYoo="
    static let signedWithSHA1 =
        "MIICPjCCASagAwIBAgIUBGWJ82zwQUBs0YDYTuOFCRpQkGMwDQYJKoZIhvcNAQEFBQAwEzERMA8GA1UEAwwIUlNBIFJvb3QwIBcNMjYxMTI2MTk0ODA5WhgPMjEwNjA0MjExOTQ4MDlaMA8xDTALBgNVBAMMBGFjbWUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQz1bE3giasOxf87fxTOiHcMWIJoJXehQ5Sgtho7MSIp2K0XWpwHIiRyyn53zspOpUoauwqSRDBfuPHh5DlNrVvo1cwVTATBgNVHSUEDDAKBggrBgEFBQcDAjAdBgNVHQ4EFgQU8oVvB5fLBKH46XZusWgFaaR/1N0wHwYDVR0jBBgwFoAUGUQ14XGr3VaRHPS9FMnuYjRirEcwDQYJKoZIhvcNAQEFBQADggEBAGqqm0ah6PHIhI1IhIR5S1Jx2XNh9TKfSOAOrrG2tCQShW9pM9pj3pY2TRN+6yLPS1jDeEunCzpCCYDQbvRwlzQBx78RQ27OSCCxchV4XWRi/t7PovgZL+08n1EeJqdzqcOiki1sPNjsfb3f8gr1choQ8MpcpkDdTNjWyaRG8PPjZBEHK0/R1sT+3zNpY+D9YkgGBfTi7A6iPO4R2fyWo682028wP6NMjvrE9wKS7nz3dUoRtlsy6k1KtFKufM+zaLGLG9bsyq/4Hqx7xZ4+h2Yt0B2dUv8Pnfso5vTXY4qZpXKcZ9w2bMPHN1YNIUQk+8OJ3ZLC2n2ZtElUXFZ9okk="
}
