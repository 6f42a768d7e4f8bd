internal import Foundation
public import Primitives
internal import SwiftASN1
internal import X509

/// The certificate of a client (RFC 5280), read once from its DER. Reading it trusts nothing in it.
public struct ClientCertificate: Sendable {
    /// As it came: what the thumbprint is made of.
    public let der: [UInt8]
    public let thumbprint: Thumbprint
    public let subject: DistinguishedName
    public let issuer: DistinguishedName
    /// Hexadecimal.
    public let serialNumber: String
    public let alternativeNames: AlternativeNames
    public let notBefore: Timestamp
    /// The last second in which it is valid (RFC 5280 §4.1.2.5).
    public let notAfter: Timestamp
    public let publicKey: PublicKeyKind
    /// DER (RFC 5280 §4.1.2.7): what a certificate shares with the one that renews it under the same key.
    public let subjectPublicKeyInfo: [UInt8]
    /// Whether its own key signed it.
    public let isSelfSigned: Bool
    let certificate: Certificate
    let extensions: CertificateExtensions

    /// More than any certificate of a client has, in bytes of DER.
    public static let largest = 20_000

    /// Reads a certificate, whatever it is for and whoever signed it.
    public static func read(_ der: [UInt8]) -> Result<ClientCertificate, CertificateRefusal> {
        guard der.count <= largest else { return .failure(.tooLarge) }
        switch PublicKeyReading.ofCertificate(der) {
        case nil: return .failure(.malformed)
        case .weak(let bits): return .failure(.weakKey(bits: bits))
        case .unsupported: return .failure(.unsupportedKey)
        case .usable(let kind):
            guard let certificate = try? Certificate(derEncoded: der), let read = ClientCertificate(certificate, kind, der: der) else {
                return .failure(.malformed)
            }
            return .success(read)
        }
    }

    private init?(_ certificate: Certificate, _ kind: PublicKeyKind, der: [UInt8]) {
        var serializer = DER.Serializer()
        // An extension that cannot be read could hide what it forbids.
        guard (try? serializer.serialize(certificate.publicKey)) != nil, let extensions = CertificateExtensions(certificate) else { return nil }
        self.der = der
        self.certificate = certificate
        thumbprint = Thumbprint(ofDER: der)
        subject = DistinguishedName(certificate.subject)
        issuer = DistinguishedName(certificate.issuer)
        serialNumber = hexadecimal(certificate.serialNumber.bytes)
        alternativeNames = extensions.alternativeNames
        self.extensions = extensions
        notBefore = Timestamp(certificate.notValidBefore)
        notAfter = Timestamp(certificate.notValidAfter)
        publicKey = kind
        subjectPublicKeyInfo = serializer.serializedBytes
        isSelfSigned = certificate.issuer == certificate.subject && certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
    }
}

extension ClientCertificate: Hashable {
    public static func == (lhs: ClientCertificate, rhs: ClientCertificate) -> Bool { lhs.der == rhs.der }
    public func hash(into hasher: inout Hasher) { hasher.combine(thumbprint) }
}

extension Timestamp {
    init(_ date: Date) { self.init(seconds: Int64(max(-1e11, min(date.timeIntervalSince1970, 1e12)))) }
}

extension Date {
    init(_ timestamp: Timestamp) { self.init(timeIntervalSince1970: Double(timestamp.milliseconds) / 1000) }
}
