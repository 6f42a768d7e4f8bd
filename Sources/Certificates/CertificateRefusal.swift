public import Primitives

/// Why a certificate is not accepted. The exact reason is for the developer who owns it; all of it can be read from the certificate and our lists.
public enum CertificateRefusal: Error, Hashable, Sendable {
    /// What a certificate is not meant for.
    public enum WrongUsage: Hashable, Sendable {
        /// RFC 5280 §4.2.1.12: an extended key usage that does not name clientAuth.
        case noClientAuth
        /// RFC 5280 §4.2.1.3: a key usage without digitalSignature.
        case noDigitalSignature
        /// RFC 5280 §4.2.1.9: the certificate of an authority.
        case authority
    }

    // The certificate itself
    case malformed
    case tooLarge
    case unsupportedKey
    case weakKey(bits: Int)
    case weakSignature
    case notYetValid(from: Timestamp)
    case expired(at: Timestamp)
    case wrongUsage(WrongUsage)
    // Its chain
    case chainTooLong
    case malformedChain
    case selfSigned
    /// No authority of ours, and nothing that came along, bears the issuer's name: an intermediate is missing, or the authority is foreign.
    case unknownIssuer(String)
    /// An authority bears that name, and its key did not sign this.
    case foreignIssuer(String)
    case issuerNotValid(String)
    case untrustedChain
    // Its revocation
    case revoked
    case staleRevocationList(issuer: String)
    case noRevocationList(issuer: String)
    // What the sandbox's authority issued
    /// Taken from its app in the portal, or never given to it.
    case notOfThisApp
    case sandboxOnly

    /// The name by which programs know it.
    public var code: String {
        switch self {
        case .malformed: "malformed"
        case .tooLarge: "too_large"
        case .unsupportedKey: "unsupported_key"
        case .weakKey: "weak_key"
        case .weakSignature: "weak_signature"
        case .notYetValid: "not_yet_valid"
        case .expired: "expired"
        case .wrongUsage: "wrong_usage"
        case .chainTooLong: "chain_too_long"
        case .malformedChain: "malformed_chain"
        case .selfSigned: "self_signed"
        case .unknownIssuer: "unknown_issuer"
        case .foreignIssuer: "foreign_issuer"
        case .issuerNotValid: "issuer_not_valid"
        case .untrustedChain: "untrusted_chain"
        case .revoked: "revoked"
        case .staleRevocationList: "stale_revocation_list"
        case .noRevocationList: "no_revocation_list"
        case .notOfThisApp: "not_of_this_app"
        case .sandboxOnly: "sandbox_only"
        }
    }

    /// What is wrong and what to do, in one sentence or two.
    public var sentence: String {
        switch self {
        case .malformed: "The certificate cannot be read: it is not one X.509 certificate in DER."
        case .tooLarge: "The certificate is larger than \(ClientCertificate.largest / 1000) kB."
        case .unsupportedKey: "The key is of a kind that we do not take: use EC P-256, P-384 or P-521, Ed25519, or RSA of 2048 to 8192 bits."
        case .weakKey(let bits): "The RSA key has \(bits) bits: 2048 are the least."
        case .weakSignature: "The certificate or its chain is signed with SHA-1 or by a method that we do not know: use SHA-256 or better."
        case .notYetValid(let from): "The certificate is valid from \(from.rfc3339) only: check your clock, or use the certificate before this one."
        case .expired(let at): "The certificate expired at \(at.rfc3339): get a new one."
        case .wrongUsage(.noClientAuth):
            "The certificate’s extended key usage does not name clientAuth (1.3.6.1.5.5.7.3.2): it is made for servers or something else."
        case .wrongUsage(.noDigitalSignature): "The certificate’s key usage does not name digitalSignature, which a TLS client needs."
        case .wrongUsage(.authority): "This is the certificate of an authority: use one that it issued."
        case .chainTooLong:
            "More than \(ClientCertificateCheck.longestChain) intermediates came with the certificate: send only those that lead to the authority."
        case .malformedChain: "One of the intermediates that came with the certificate cannot be read."
        case .selfSigned: "The certificate is signed by itself: it serves only an app that registered exactly this one."
        case .unknownIssuer(let name):
            "Its issuer, \(name), is not an authority that we trust: send the intermediates along, or get a certificate from an authority that we trust."
        case .foreignIssuer(let name): "It names \(name) as its issuer, but was not signed with the key of that authority."
        case .issuerNotValid(let name): "Its issuer, \(name), has expired or is not valid yet."
        case .untrustedChain: "The chain leads to an authority that we trust, but one of its certificates may not issue the next one."
        case .revoked: "The certificate, or one of its issuers, was revoked."
        case .staleRevocationList(let issuer): "Our list of what \(issuer) revoked is out of date, so no certificate of it is accepted until it is renewed."
        case .noRevocationList(let issuer): "We have no list of what \(issuer) revoked, so no certificate of it is accepted until there is one."
        case .notOfThisApp: "Our sandbox authority issued this certificate, and it is not among the app’s certificates: it was removed, or is another app’s."
        case .sandboxOnly: "Our sandbox authority issued this certificate, which no live app can use: get one from an authority of the bank’s choice."
        }
    }
}
