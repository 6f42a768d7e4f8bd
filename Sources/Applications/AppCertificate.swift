package import Certificates
package import Primitives
import Storage

/// A certificate that belongs to an app: issued to it by the sandbox's authority, or its own.
package struct AppCertificate: Hashable, Sendable {
    package enum Source: String, CaseIterable, Sendable, SQLBindable, SQLReadable {
        /// Issued by the sandbox's authority to a signing request.
        case request = "csr"
        case upload
    }

    package let appID: AppID
    package let thumbprint: Thumbprint
    /// The certificate, and what came along with it: each the issuer of the one before.
    package let pem: String
    /// RFC 4514.
    package let subject: String
    package let notBefore: Timestamp
    package let notAfter: Timestamp
    package let source: Source
    package let createdAt: Timestamp
    package let removedAt: Timestamp?

    package init(
        appID: AppID, thumbprint: Thumbprint, pem: String, subject: String, notBefore: Timestamp, notAfter: Timestamp, source: Source, createdAt: Timestamp,
        removedAt: Timestamp? = nil
    ) {
        self.appID = appID
        self.thumbprint = thumbprint
        self.pem = pem
        self.subject = subject
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.source = source
        self.createdAt = createdAt
        self.removedAt = removedAt
    }

    package init(_ certificate: ClientCertificate, intermediates: [[UInt8]] = [], of appID: AppID, source: Source, at now: Timestamp) {
        self.init(
            appID: appID, thumbprint: certificate.thumbprint,
            pem: ([certificate.der] + intermediates).map { PEMText.encode($0, label: "CERTIFICATE") }.joined(), subject: certificate.subject.text,
            notBefore: certificate.notBefore, notAfter: certificate.notAfter, source: source, createdAt: now)
    }

    package var isRemoved: Bool { removedAt != nil }

    package func isExpired(at now: Timestamp) -> Bool { notAfter.seconds < now.seconds }

    /// What was read when it was added.
    package var certificate: ClientCertificate? { chain.first.flatMap { try? ClientCertificate.read($0).get() } }

    /// DER.
    package var intermediates: [[UInt8]] { Array(chain.dropFirst()) }

    private var chain: [[UInt8]] { (try? PEMText(pem))?.certificates ?? [] }
}

/// Why a certificate is not added to an app.
package enum AppCertificateRefusal: Error, Hashable, Sendable {
    case noSuchApp
    case tooMany
    /// It is among the app's certificates.
    case alreadyThere
    /// What was removed does not come back: it may have been removed because others have its key.
    case removedBefore

    package var message: String {
        switch self {
        case .noSuchApp: "There is no such app"
        case .tooMany: "An app has \(AppCertificates.most) certificates at most: remove one first"
        case .alreadyThere: "This certificate is already there"
        case .removedBefore: "This certificate was removed from the app and does not come back: make a new one"
        }
    }
}
