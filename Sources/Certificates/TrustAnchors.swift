internal import X509

/// Certificates that clients believe as they are.
public struct TrustAnchors: Sendable {
    private let subjects: [DistinguishedName]

    /// - Parameter certificates: DER. What is no certificate is left out.
    public init(_ certificates: [[UInt8]]) {
        subjects = certificates.compactMap { Certificate.reading($0) }.map { DistinguishedName($0.subject) }
    }

    /// Whether one of them may have issued it, by its name.
    public func mayHaveIssued(_ certificate: ClientCertificate) -> Bool { subjects.contains { $0 == certificate.issuer } }
}
