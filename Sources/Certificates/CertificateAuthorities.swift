internal import Synchronization
internal import X509

/// Who is trusted to say whose a certificate is: the authorities that the operator named, and the sandbox's own.
public final class CertificateAuthorities: Sendable {
    /// Which of the two vouches for a certificate.
    public enum Kind: Hashable, Sendable {
        case configured
        /// It issues to whoever signs up: no certificate of it may open anything that is live.
        case sandbox
    }

    struct State: Sendable {
        let anchors: [Certificate]
        /// Authorities whose own issuer is named too.
        let intermediates: [Certificate]
        /// Rises with each change.
        let edition: Int
    }

    private let sandbox: Certificate?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - configured: DER. One whose issuer stands among them is checked against it; each other one is trusted as it is.
    ///   - sandbox: DER, trusted beside them.
    public init(configured: [[UInt8]], sandbox: [UInt8]?) throws(CertificateAuthorityRefusal) {
        self.sandbox = try sandbox.map { der throws(CertificateAuthorityRefusal) in try Self.read(der, 1) }
        state = Mutex(Self.state(of: try Self.read(configured), sandbox: self.sandbox, edition: 0))
    }

    /// Trusts these from now on; the sandbox's own stays.
    public func replace(configured: [[UInt8]]) throws(CertificateAuthorityRefusal) {
        let certificates = try Self.read(configured)
        state.withLock { $0 = Self.state(of: certificates, sandbox: sandbox, edition: $0.edition + 1) }
    }

    var current: State { state.withLock { $0 } }

    func kind(of anchor: Certificate) -> Kind { anchor == sandbox ? .sandbox : .configured }

    private static func state(of certificates: [Certificate], sandbox: Certificate?, edition: Int) -> State {
        let subjects = Set(certificates.map(\.subject))
        let isIntermediate = { (certificate: Certificate) in certificate.issuer != certificate.subject && subjects.contains(certificate.issuer) }
        return State(
            anchors: certificates.filter { !isIntermediate($0) } + (sandbox.map { [$0] } ?? []), intermediates: certificates.filter(isIntermediate),
            edition: edition)
    }

    private static func read(_ configured: [[UInt8]]) throws(CertificateAuthorityRefusal) -> [Certificate] {
        var certificates: [Certificate] = []
        for (index, der) in configured.enumerated() { certificates.append(try read(der, index + 1)) }
        return certificates
    }

    private static func read(_ der: [UInt8], _ number: Int) throws(CertificateAuthorityRefusal) -> Certificate {
        guard let certificate = Certificate.reading(der) else { throw .unreadable(number: number) }
        guard CertificateExtensions(certificate)?.mayIssue == true else { throw .noAuthority(DistinguishedName(certificate.subject).text) }
        return certificate
    }
}

/// Why a certificate cannot be trusted as an authority.
public enum CertificateAuthorityRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(number: Int)
    /// RFC 5280 §4.2.1.9: an authority says so in its basic constraints.
    case noAuthority(String)

    public var description: String {
        switch self {
        case .unreadable(let number): "certificate \(number) cannot be read, or its key is too weak"
        case .noAuthority(let name): "\(name) is not the certificate of an authority"
        }
    }
}
