@_spi(FixedExpiryValidationTime) internal import X509
internal import Foundation
internal import Primitives
internal import SwiftASN1

/// What a client's chain must keep to beyond RFC 5280 §6.1: each issuer may issue, and every signature and key is strong.
private struct ClientChainPolicy: VerifierPolicy {
    /// Extensions that are looked at here or before, so that a chain may call them critical.
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [.X509ExtensionID.extendedKeyUsage, .X509ExtensionID.subjectAlternativeName]

    func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) async -> PolicyEvaluationResult {
        for (index, certificate) in chain.enumerated() {
            // An anchor is trusted as it is: nobody relies on its own signature.
            let isAnchor = index == chain.count - 1
            guard isAnchor || certificate.isSignedStrongly else { return .failsToMeetPolicy(reason: "weak signature") }
            guard index == 0 || CertificateExtensions(certificate)?.mayIssue == true else { return .failsToMeetPolicy(reason: "not an issuer") }
        }
        return .meetsPolicy
    }
}

/// Finds the way from a certificate to an authority (RFC 5280 §6, RFC 4158).
struct ChainSearch {
    let authorities: CertificateAuthorities.State

    /// - Parameter intermediates: what the client sent along, a few at most: the search tries their orders.
    /// - Returns: the certificate first, the anchor last.
    func chain(of leaf: Certificate, through intermediates: [Certificate], at now: Timestamp) async -> Result<[Certificate], CertificateRefusal> {
        let others = authorities.intermediates + intermediates
        var verifier = Verifier(rootCertificates: CertificateStore(authorities.anchors)) {
            RFC5280Policy(fixedExpiryValidationTime: Date(now))
            ClientChainPolicy()
        }
        switch await verifier.validate(leaf: leaf, intermediates: CertificateStore(others)) {
        case .validCertificate(let chain): return .success(Array(chain))
        case .couldNotValidate: return .failure(diagnosis(of: leaf, others, at: now))
        }
    }

    /// Walks up the chain as far as it holds, and says where it breaks.
    private func diagnosis(of leaf: Certificate, _ others: [Certificate], at now: Timestamp) -> CertificateRefusal {
        var tip = leaf
        for _ in 0...others.count {
            let name = DistinguishedName(tip.issuer).text
            let named = (authorities.anchors + others).filter { $0.subject == tip.issuer && $0 != tip }
            guard !named.isEmpty else { return tip.issuer == tip.subject ? .selfSigned : .unknownIssuer(name) }
            guard let issuer = named.first(where: { $0.publicKey.isValidSignature(tip.signature, for: tip) }) else {
                return tip.isSignedStrongly ? .foreignIssuer(name) : .weakSignature
            }
            guard issuer.isValid(at: now) else { return .issuerNotValid(name) }
            if authorities.anchors.contains(issuer) { break }
            tip = issuer
        }
        return .untrustedChain
    }
}
