import Certificates
import Crypto
import Foundation
import HTTPTypes
import Primitives
import SwiftASN1
import TestSupport
import Web
import X509

/// A client's certificate and its key.
struct TestIdentity: Hashable, Sendable {
    /// The certificate's DER.
    let der: [UInt8]
    /// DER (PKCS #8).
    let key: [UInt8]

    init(der: [UInt8], key: P256.Signing.PrivateKey) {
        self.der = der
        self.key = Array(key.derRepresentation)
    }

    /// One that no authority vouches for, for a day from the moment at which tests begin.
    static func selfSigned(_ commonName: String = "acme", key: P256.Signing.PrivateKey = P256.Signing.PrivateKey()) throws -> TestIdentity {
        let name = try X509.DistinguishedName { CommonName(commonName) }
        let now = Date(timeIntervalSince1970: Double(ManualClock().now.seconds))
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: now, notValidAfter: now + 86400, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256, extensions: .init(), issuerPrivateKey: .init(key))
        return TestIdentity(der: try certificate.serializeAsPEM().derBytes, key: key)
    }

    var thumbprint: String { Thumbprint(ofDER: der).text }

    /// What a proxy tells of it (RFC 9440 §2.2).
    var field: String { ":\(Data(der).base64EncodedString()):" }
}

extension TestServer {
    /// The same server, for a client that holds this certificate: shown in the handshake with the listener that asks for one, or told by a proxy.
    func presenting(_ identity: TestIdentity?) -> TestServer {
        var server = self
        if route != nil {
            server.route = Wire.Route(listener: .mutualTLS, identity: identity)
        } else {
            server.told = identity.map { [.clientCert: $0.field] } ?? [:]
        }
        return server
    }

    /// The same server at one of its listeners; over TLS alone.
    func at(_ listener: Wire.Listener) -> TestServer {
        var server = self
        server.route = Wire.Route(listener: listener)
        return server
    }
}
