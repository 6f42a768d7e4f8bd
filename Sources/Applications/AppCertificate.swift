public import Certificates
public import Primitives
public import Storage

/// A certificate that belongs to an app: issued to it by the sandbox's authority, or its own.
public struct AppCertificate: Hashable, Sendable {
    public enum Source: String, CaseIterable, Sendable, SQLBindable, SQLReadable {
        /// Issued by the sandbox's authority to a signing request.
        case request = "csr"
        case upload
    }

    public let appID: AppID
    public let thumbprint: Thumbprint
    /// The certificate, and what came along with it: each the issuer of the one before.
    public let pem: String
    /// RFC 4514.
    public let subject: String
    public let notBefore: Timestamp
    public let notAfter: Timestamp
    public let source: Source
    public let createdAt: Timestamp
    public let removedAt: Timestamp?

    public init(
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

    public init(_ certificate: ClientCertificate, intermediates: [[UInt8]] = [], of appID: AppID, source: Source, at now: Timestamp) {
        self.init(
            appID: appID, thumbprint: certificate.thumbprint,
            pem: ([certificate.der] + intermediates).map { PEMText.encode($0, label: "CERTIFICATE") }.joined(), subject: certificate.subject.text,
            notBefore: certificate.notBefore, notAfter: certificate.notAfter, source: source, createdAt: now)
    }

    public var isRemoved: Bool { removedAt != nil }

    public func isExpired(at now: Timestamp) -> Bool { notAfter.seconds < now.seconds }

    /// What was read when it was added.
    public var certificate: ClientCertificate? { chain.first.flatMap { try? ClientCertificate.read($0).get() } }

    /// DER.
    public var intermediates: [[UInt8]] { Array(chain.dropFirst()) }

    private var chain: [[UInt8]] { (try? PEMText(pem))?.certificates ?? [] }
}

/// Why a certificate is not added to an app.
public enum AppCertificateRefusal: Error, Hashable, Sendable {
    case noSuchApp
    case tooMany
    /// It is among the app's certificates.
    case alreadyThere
    /// What was removed does not come back: it may have been removed because others have its key.
    case removedBefore

    public var message: String {
        switch self {
        case .noSuchApp: "There is no such app"
        case .tooMany: "An app has \(AppCertificates.most) certificates at most: remove one first"
        case .alreadyThere: "This certificate is already there"
        case .removedBefore: "This certificate was removed from the app and does not come back: make a new one"
        }
    }
}
