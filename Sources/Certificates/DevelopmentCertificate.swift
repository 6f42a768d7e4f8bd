internal import Crypto
public import Primitives
internal import SwiftASN1
internal import X509

/// A server's certificate for a developer's machine, from an authority of its own whose key is thrown away at once: who trusts that authority trusts this one
/// certificate, and nobody can make another.
public struct DevelopmentCertificate: Sendable {
    /// PEM: the authority, for clients to trust.
    public let authority: String
    /// PEM: the server's certificate.
    public let certificate: String
    /// PEM (PKCS #8): its key.
    public let key: String

    /// Some programs take no certificate that is valid for longer.
    public static let lifetime = Duration.days(365)

    /// - Parameter hosts: names and IP addresses by which the server is reached.
    public static func make(hosts: [String], at now: Timestamp, randomness: any RandomSource) throws -> DevelopmentCertificate {
        let (from, until) = (now - .hours(1), now + lifetime)
        let authority = try IssuingAuthority.make(commonName: "Wekeza development authority", validFrom: from, until: until, randomness: randomness)
        let key = P256.Signing.PrivateKey(from: randomness)
        let subject = try X509.DistinguishedName { CommonName(hosts.first ?? "localhost") }
        let certificate = try authority.issue(
            .server(hosts.map(generalName)), to: Certificate.PublicKey(key.publicKey), subject: subject, validFrom: from, until: until, randomness: randomness)
        return DevelopmentCertificate(
            authority: PEMText.encode(authority.certificate, label: "CERTIFICATE"), certificate: PEMText.encode(certificate, label: "CERTIFICATE"),
            key: key.pemRepresentation + "\n")
    }

    private static func generalName(_ host: String) -> GeneralName {
        IPAddress(host).map { .ipAddress(ASN1OctetString(contentBytes: $0.bytes[...])) } ?? .dnsName(host)
    }

    /// Whether a certificate still serves these hosts for a while.
    /// - Parameter text: PEM.
    public static func serves(_ text: String, hosts: [String], until: Timestamp) -> Bool {
        guard let der = (try? PEMText(text))?.certificates.first, case .success(let certificate) = ClientCertificate.read(der) else { return false }
        return certificate.notAfter > until && hosts.allSatisfy { certificate.alternativeNames.covers($0) }
    }
}

extension IPAddress {
    /// RFC 5280 §4.2.1.6: 4 bytes or 16.
    fileprivate var bytes: [UInt8] {
        let all = stride(from: 120, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> UInt128($0)) }
        return isIPv4 ? Array(all.suffix(4)) : all
    }
}
