import Certificates
import Foundation
import Testing

/// The key of a certificate as a JWK spells it.
@Suite("Client certificates · JWK")
struct CertificateJWKTests {
    private func members(_ base64: String) throws -> [String: String] {
        try ClientCertificate.read(Array(try #require(Data(base64Encoded: base64)))).get().jwkMembers
    }

    @Test func `RFC 7517 Appendix B the certificate of the example holds the key of its JWK`() throws {
        let members = try members(Self.example)

        #expect(members == ["kty": "RSA", "e": "AQAB", "n": Self.exampleModulus])
    }

    @Test func `RFC 7518 §6.2.1 the coordinates of each curve have its size`() throws {
        let (p256, p384, p521) = (try members(Samples.client), try members(Self.p384), try members(Self.p521))

        #expect(
            p256 == [
                "kty": "EC", "crv": "P-256", "x": "0E7iAnfLa6mZB7F7jIXZVcfYlHeG3TDo33IYEXkeqXc", "y": "KuKA7rC2XffAgLGzz4c8NRfIR4DPpzGxgzXBJrr1FWk",
            ])
        #expect(
            p384 == [
                "kty": "EC", "crv": "P-384", "x": "EdEXy_E7rPtNUQHe7uoKUzYMAE7eZ0DdzZl_iRPuaY_4uPxr3CTysv6tEvZbwf7a",
                "y": "nZT_gRnj5J6GtJz3FvZctlkg8IT0DCX9MJe2P9K8MV3mSeIHLC98ETv3EwSFdQqS",
            ])
        #expect(
            p521 == [
                "kty": "EC", "crv": "P-521", "x": "AWhH1_hQ8xlZXQSYm6T-8A_hgS-LdzYazclMvrTjI8Dpxalg_Qe4RSEK5kxQ3Dh5tSrWaoxZ_Gg6A97ZV1hdGVRc",
                "y": "AZ4fszECDo8NYw_YS6n-lhhyR5IXyvSx1V60gqyMHjkueufog0yzPaEMiWpvxRhJMJKYyuA616sVNRtEw9GuCvBq",
            ])
    }

    @Test func `RFC 8037 §2 an Ed25519 key`() throws {
        let members = try members(Self.ed25519)

        #expect(members == ["kty": "OKP", "crv": "Ed25519", "x": "380357AJIrQMeQjJttxtOp7BJfCZlotDAJz3IUDuA10"])
    }

    private static let example = """
        MIIDQjCCAiqgAwIBAgIGATz/FuLiMA0GCSqGSIb3DQEBBQUAMGIxCzAJBgNVBAYTAlVTMQswCQYDVQQIEwJDTzEPMA0GA1UEBxMGRGVudmVyMRwwGgYDVQQKExNQaW5nIElkZW50aXR5\
        IENvcnAuMRcwFQYDVQQDEw5CcmlhbiBDYW1wYmVsbDAeFw0xMzAyMjEyMzI5MTVaFw0xODA4MTQyMjI5MTVaMGIxCzAJBgNVBAYTAlVTMQswCQYDVQQIEwJDTzEPMA0GA1UEBxMGRGVu\
        dmVyMRwwGgYDVQQKExNQaW5nIElkZW50aXR5IENvcnAuMRcwFQYDVQQDEw5CcmlhbiBDYW1wYmVsbDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAL64zn8/QnHYMeZ0Lnco\
        XaEde1fiLm1jHjmQsF/449IYALM9if6amFtPDy2yvz3YlRij66s5gyLCyO7ANuVRJx1NbgizcAblIgjtdf/u3WG7K+IiZhtELto/A7Fck9Ws6SQvzRvOE8uSirYbgmj6He4iO8NCyvaK\
        0jIQRMMGQwsU1quGmFgHIXPLfnpnfajr1rVTAwtgV5LEZ4Iel+W1GC8ugMhyr4/p1MtcIM42EA8BzE6ZQqC7VPqPvEjZ2dbZkaBhPbiZAS3YeYBRDWm1p1OZtWamT3cEvqqPpnjL1XyW\
        +oyVVkaZdklLQp2Btgt9qr21m42f4wTw+Xrp6rCKNb0CAwEAATANBgkqhkiG9w0BAQUFAAOCAQEAh8zGlfSlcI0o3rYDPBB07aXNswb4ECNIKG0CETTUxmXl9KUL+9gGlqCz5iWLOgWs\
        nrcKcY0vXPG9J1r9AqBNTqNgHq2G03X09266X5CpOe1zFo+Owb1zxtp3PehFdfQJ610CDLEaS9V9Rqp17hCyybEpOGVwe8fnk+fbEL2Bo3UPGrpsHzUoaGpDftmWssZkhpBJKVMJyf/R\
        uP2SmmaIzmnw9JiSlYhzo4tpzd5rFXhjRbg4zW9C+2qok+2+qDM1iJ684gPHMIY8aLWrdgQTxkumGmTqgawR+N5MDtdPTEQ0XfIBc2cJEUyMTY5MPvACWpkA6SdS4xSvdXK3IVfOWA==
        """
    private static let exampleModulus = """
        vrjOfz9Ccdgx5nQudyhdoR17V-IubWMeOZCwX_jj0hgAsz2J_pqYW08PLbK_PdiVGKPrqzmDIsLI7sA25VEnHU1uCLNwBuUiCO11_-7dYbsr4iJmG0Qu2j8DsVyT1azpJC_NG84Ty5KK\
        thuCaPod7iI7w0LK9orSMhBEwwZDCxTWq4aYWAchc8t-emd9qOvWtVMDC2BXksRngh6X5bUYLy6AyHKvj-nUy1wgzjYQDwHMTplCoLtU-o-8SNnZ1tmRoGE9uJkBLdh5gFENabWnU5m1\
        ZqZPdwS-qo-meMvVfJb6jJVWRpl2SUtCnYG2C32qvbWbjZ_jBPD5eunqsIo1vQ
        """

    // Made with OpenSSL 3.
    private static let p384 = """
        MIIBsjCCATigAwIBAgIUKqCG2bWWlWmcBey8Woi6K2800EgwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcDM4NDAgFw0yNjEyMDEwMDA0MDNaGA8yMTA5MDEyMDAwMDQwM1owDzENMAsG\
        A1UEAwwEcDM4NDB2MBAGByqGSM49AgEGBSuBBAAiA2IABBHRF8vxO6z7TVEB3u7qClM2DABO3mdA3c2Zf4kT7mmP+Lj8a9wk8rL+rRL2W8H+2p2U/4EZ4+SehrSc9xb2XLZZIPCE9Awl\
        /TCXtj/SvDFd5kniBywvfBE79xMEhXUKkqNTMFEwHQYDVR0OBBYEFEk4qASsYEk8kflXtWlyussE5QLbMB8GA1UdIwQYMBaAFEk4qASsYEk8kflXtWlyussE5QLbMA8GA1UdEwEB/wQF\
        MAMBAf8wCgYIKoZIzj0EAwIDaAAwZQIxANcbUPeVQQHOMUxsLD+CExhwhc/NnbCkETKs0sUqh5yIfHR0VI2yqjubL2yzuOsV+AIwJiFZEEkUFFknjjeSxqM6HIT4CcCsQtyUyVDLag7G\
        WzNFTxDx+fpERDteVRb77JFv
        """
    private static let p521 = """
        MIIB/DCCAV6gAwIBAgIUdqLyCNuBAFFEn+EL7CHonGOfygQwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcDUyMTAgFw0yNjEyMDEwMDA0MDNaGA8yMTA5MDEyMDAwMDQwM1owDzENMAsG\
        A1UEAwwEcDUyMTCBmzAQBgcqhkjOPQIBBgUrgQQAIwOBhgAEAWhH1/hQ8xlZXQSYm6T+8A/hgS+LdzYazclMvrTjI8Dpxalg/Qe4RSEK5kxQ3Dh5tSrWaoxZ/Gg6A97ZV1hdGVRcAZ4f\
        szECDo8NYw/YS6n+lhhyR5IXyvSx1V60gqyMHjkueufog0yzPaEMiWpvxRhJMJKYyuA616sVNRtEw9GuCvBqo1MwUTAdBgNVHQ4EFgQUTXpHj8515A5grkKIHx0y1uEu9TwwHwYDVR0j\
        BBgwFoAUTXpHj8515A5grkKIHx0y1uEu9TwwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgOBiwAwgYcCQgCEi9Kn0nBK7MAlyKIYHh/YDR6MUynphED2l8dIa0MKjN9eQhkAZ6IU\
        c2YjkyR2nrs8QOoMQcEn92m3L2mDUbI8gAJBQtx6/Z0KTzQpLgwMTtXj6z5qW4viYHsfZnaNRIh05bvFpeX1p72TxM8Z1GZwEvQXOpC1N3nm/wMyx5LEkG7fZNE=
        """
    private static let ed25519 = """
        MIIBOjCB7aADAgECAhQ6kkuwGX5zFXYc1TRySmSRpwiVdjAFBgMrZXAwEjEQMA4GA1UEAwwHZWQyNTUxOTAgFw0yNjEyMDEwMDA0MDNaGA8yMTA5MDEyMDAwMDQwM1owEjEQMA4GA1UE\
        AwwHZWQyNTUxOTAqMAUGAytlcAMhAN/NN+ewCSK0DHkIybbcbTqewSXwmZaLQwCc9yFA7gNdo1MwUTAdBgNVHQ4EFgQUUT2RdMlnwsW/a6pKi/TII4DEO48wHwYDVR0jBBgwFoAUUT2R\
        dMlnwsW/a6pKi/TII4DEO48wDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQBxhrpfQCVRTl87D//CmgDlR0emi7VegM3feIYN5JvJsPbuWEhaBK8lVEOoCPE7jKlwW2+avA1nobAj9o+9\
        OHIK
        """
}
