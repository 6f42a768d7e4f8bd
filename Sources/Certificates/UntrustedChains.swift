internal import Primitives

/// The last few chains of one certificate that led to no authority of ours, each with its refusal: another may lead to one.
struct UntrustedChains: Sendable {
    /// What came along with the certificate. Only its digest is kept: it may be large.
    struct Chain: Hashable, Sendable {
        /// SHA-256 over that of each intermediate, 32 bytes.
        private let digest: [UInt8]

        /// - Parameter intermediates: DER.
        init(_ intermediates: [[UInt8]]) { digest = sha256(intermediates.flatMap { sha256($0) }) }
    }

    /// Nodes of one partner may send different ones.
    private static let most = 4

    /// The latest last.
    private var judged: [(chain: Chain, refusal: CertificateRefusal)] = []

    /// - Returns: `nil` for a chain that was not judged lately.
    func refusal(of chain: Chain) -> CertificateRefusal? { judged.first { $0.chain == chain }?.refusal }

    mutating func append(_ chain: Chain, _ refusal: CertificateRefusal) {
        judged.removeAll { $0.chain == chain }
        if judged.count == Self.most { judged.removeFirst() }
        judged.append((chain, refusal))
    }
}
