public import Primitives
internal import SwiftASN1
internal import X509

extension ClientCertificate {
    /// What speaks against a certificate that an authority issued, before its chain is looked at: what it is for, and how it was signed.
    var unfitness: CertificateRefusal? {
        if let usage = extensions.wrongUsage { return .wrongUsage(usage) }
        return certificate.isSignedStrongly ? nil : .weakSignature
    }

    /// What speaks against a certificate whose owner registered it as it is (RFC 8705 §2.2): nothing that it says about itself counts but its time.
    public func untimeliness(at now: Timestamp) -> CertificateRefusal? {
        if now < notBefore { return .notYetValid(from: notBefore) }
        return notAfter.seconds < now.seconds ? .expired(at: notAfter) : nil
    }
}

extension Certificate {
    /// SHA-1 has collisions (RFC 9155 takes it out of TLS); what the library does not know it refuses by itself.
    var isSignedStrongly: Bool { Self.strong.contains(signatureAlgorithm) }

    private static let strong: Set<SignatureAlgorithm> = [
        .ecdsaWithSHA256, .ecdsaWithSHA384, .ecdsaWithSHA512, .sha256WithRSAEncryption, .sha384WithRSAEncryption, .sha512WithRSAEncryption, .ed25519,
    ]

    func isValid(at now: Timestamp) -> Bool { Timestamp(notValidBefore) <= now && now < end }

    /// The first moment after its last second (RFC 5280 §4.1.2.5).
    var end: Timestamp { Timestamp(seconds: Timestamp(notValidAfter).seconds) + .seconds(1) }

    /// Whether a certificate's key is one that we take.
    static func reading(_ der: [UInt8]) -> Certificate? {
        guard der.count <= ClientCertificate.largest, case .usable = PublicKeyReading.ofCertificate(der) else { return nil }
        return try? Certificate(derEncoded: der)
    }
}
