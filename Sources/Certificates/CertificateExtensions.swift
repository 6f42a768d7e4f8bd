internal import X509

/// The extensions that decide what a certificate may do, read once: one that cannot be read could hide what it forbids.
struct CertificateExtensions: Sendable {
    let alternativeNames: AlternativeNames
    let isAuthority: Bool
    private let keyUsage: KeyUsage?
    private let extendedKeyUsage: ExtendedKeyUsage?

    /// - Returns: `nil` when one of them cannot be read.
    init?(_ certificate: Certificate) {
        let extensions = certificate.extensions
        do {
            alternativeNames = try extensions.subjectAlternativeNames.map(AlternativeNames.init) ?? AlternativeNames()
            keyUsage = try extensions.keyUsage
            extendedKeyUsage = try extensions.extendedKeyUsage
            isAuthority = if case .isCertificateAuthority = try extensions.basicConstraints { true } else { false }
        } catch {
            return nil
        }
    }

    /// What a TLS client may not do with it, if anything.
    var wrongUsage: CertificateRefusal.WrongUsage? {
        if isAuthority { return .authority }
        if let extendedKeyUsage, !extendedKeyUsage.contains(.clientAuth), !extendedKeyUsage.contains(.any) { return .noClientAuth }
        if let keyUsage, !keyUsage.digitalSignature { return .noDigitalSignature }
        return nil
    }

    /// RFC 5280 §4.2.1.3: an authority's key usage, where it has one, names keyCertSign.
    var mayIssue: Bool { isAuthority && keyUsage?.keyCertSign ?? true }

    /// The same for lists of what it revoked (RFC 5280 §6.3.3 (f)).
    var mayRevoke: Bool { keyUsage?.cRLSign ?? true }
}
