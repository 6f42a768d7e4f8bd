public import Primitives
internal import SwiftASN1
internal import X509

/// A certification request (PKCS #10, RFC 2986) whose owner has shown that they hold its key.
public struct CertificateRequest: Sendable {
    private let request: CertificateSigningRequest

    public enum Refusal: Error, Hashable, Sendable {
        case malformed
        case weakKey(bits: Int)
        /// Every server takes EC P-256, P-384 and RSA; others not all.
        case unsupportedKey
        /// RFC 2986 §4.2: the request is not signed with the key that it asks to certify.
        case wrongSignature

        public var sentence: String {
            switch self {
            case .malformed: "The signing request cannot be read: make it anew, for example with openssl req."
            case .weakKey(let bits): "The RSA key of the request has \(bits) bits: make one of 2048 at least, or an EC key."
            case .unsupportedKey: "The request’s key is of a kind that we do not certify: make an EC P-256, EC P-384 or RSA key."
            case .wrongSignature: "The request’s signature does not fit its key: it was changed on the way, or signed with another key."
            }
        }
    }

    /// - Parameter der: of a stranger.
    public static func read(_ der: [UInt8]) -> Result<CertificateRequest, Refusal> {
        guard der.count <= ClientCertificate.largest else { return .failure(.malformed) }
        switch PublicKeyReading.ofRequest(der) {
        case nil: return .failure(.malformed)
        case .weak(let bits): return .failure(.weakKey(bits: bits))
        case .unsupported, .usable(.p521), .usable(.ed25519): return .failure(.unsupportedKey)
        case .usable:
            guard let request = try? CertificateSigningRequest(derEncoded: der) else { return .failure(.malformed) }
            guard request.publicKey.isValidSignature(request.signature, for: request) else { return .failure(.wrongSignature) }
            return .success(CertificateRequest(request: request))
        }
    }

    var publicKey: Certificate.PublicKey { request.publicKey }
}

extension IssuingAuthority {
    /// A certificate for a client. Only the request's key counts: who the client is, we know ourselves.
    /// - Returns: DER.
    public func issue(
        to request: CertificateRequest, commonName: String, organisation: String, validFrom from: Timestamp, until: Timestamp, randomness: any RandomSource
    ) throws -> [UInt8] {
        let subject = try X509.DistinguishedName {
            OrganizationName(organisation)
            CommonName(commonName)
        }
        return try issue(.client, to: request.publicKey, subject: subject, validFrom: from, until: until, randomness: randomness)
    }
}
