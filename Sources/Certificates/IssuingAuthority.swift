internal import Crypto
internal import Foundation
public import Primitives
internal import SwiftASN1
internal import X509

/// An authority of our own: its certificate, and the key that signs what it issues.
public struct IssuingAuthority: Sendable {
    /// DER.
    public let certificate: [UInt8]
    private let parsed: Certificate
    private let key: P256.Signing.PrivateKey

    /// An authority as it was kept.
    /// - Returns: `nil` when the certificate or the key cannot be read, or they do not belong together.
    public init?(certificate der: [UInt8], privateKey bytes: [UInt8]) {
        guard let parsed = Certificate.reading(der), let key = try? P256.Signing.PrivateKey(rawRepresentation: bytes),
            parsed.publicKey == Certificate.PublicKey(key.publicKey)
        else { return nil }
        certificate = der
        self.parsed = parsed
        self.key = key
    }

    /// 32 bytes, to be sealed.
    public var privateKey: [UInt8] { Array(key.rawRepresentation) }

    public var notAfter: Timestamp { Timestamp(parsed.notValidAfter) }

    /// Makes a new authority, which issues certificates of clients and servers and no further authorities.
    /// - Parameter from: a while ago, for machines whose clocks run behind.
    public static func make(
        commonName: String, validFrom from: Timestamp, until: Timestamp, randomness: any RandomSource
    ) throws -> IssuingAuthority {
        let key = P256.Signing.PrivateKey(from: randomness)
        let name = try X509.DistinguishedName {
            OrganizationName("Wekeza Open Platform")
            CommonName(commonName)
        }
        let publicKey = Certificate.PublicKey(key.publicKey)
        let certificate = try Certificate(
            version: .v3, serialNumber: .random(from: randomness), publicKey: publicKey, notValidBefore: Date(from), notValidAfter: Date(until), issuer: name,
            subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: publicKey)
            }, issuerPrivateKey: Certificate.PrivateKey(key))
        return IssuingAuthority(certificate: try certificate.der, parsed: certificate, key: key)
    }

    private init(certificate: [UInt8], parsed: Certificate, key: P256.Signing.PrivateKey) {
        self.certificate = certificate
        self.parsed = parsed
        self.key = key
    }

    /// What a certificate is for.
    enum Purpose {
        case client
        /// Names and addresses by which it is reached.
        case server([GeneralName])
    }

    /// - Returns: DER.
    func issue(
        _ purpose: Purpose, to publicKey: Certificate.PublicKey, subject: X509.DistinguishedName, validFrom from: Timestamp, until: Timestamp,
        randomness: any RandomSource
    ) throws -> [UInt8] {
        try Certificate(
            version: .v3, serialNumber: .random(from: randomness), publicKey: publicKey, notValidBefore: Date(from),
            notValidAfter: min(Date(until), parsed.notValidAfter), issuer: parsed.subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                switch purpose {
                case .client: try ExtendedKeyUsage([.clientAuth])
                case .server(let names):
                    try ExtendedKeyUsage([.serverAuth])
                    SubjectAlternativeNames(names)
                }
                SubjectKeyIdentifier(hash: publicKey)
                AuthorityKeyIdentifier(keyIdentifier: try parsed.extensions.subjectKeyIdentifier?.keyIdentifier)
            }, issuerPrivateKey: Certificate.PrivateKey(key)
        ).der
    }
}

extension Certificate {
    var der: [UInt8] { get throws { try serializeAsPEM().derBytes } }
}

extension Certificate.SerialNumber {
    /// RFC 5280 §4.1.2.2: positive, at most 20 bytes. 127 random bits.
    fileprivate static func random(from randomness: any RandomSource) -> Self {
        var bytes = randomness.bytes(16)
        bytes[0] = bytes[0] & 0x7F | 0x40
        return Self(bytes: bytes)
    }
}

extension P256.Signing.PrivateKey {
    /// 32 random bytes are a private key unless they lie beyond the curve's order, which happens once in 2^32.
    init(from randomness: any RandomSource) {
        while true {
            if let key = try? Self(rawRepresentation: randomness.bytes(32)) {
                self = key
                return
            }
        }
    }
}
