import Applications
import Certificates
import OAuth
import Primitives
import Web

/// RFC 8705 §2.1: a certificate of an authority that we trust, which names the registered subject.
struct TLSClientAuth: ClientAuthenticator {
    let method = ClientAuthenticationMethod.tlsClientAuth
    let certificates: ClientCertificates

    func attempt(in request: ClientAuthenticationRequest) throws(OAuthError) -> ClientAttempt? { nil }

    func check(_ attempt: ClientAttempt, of app: App, in request: ClientAuthenticationRequest, at now: Timestamp) async throws -> CredentialCheck {
        guard let presented = request.certificate else { return .refused(.missingCertificate) }
        switch try await certificates.verify(presented.der, intermediates: presented.chain, for: app, at: now) {
        case .failure(let refusal): return .refused(.certificate(refusal))
        case .success(let verified):
            guard let subject = app.metadata.tlsSubject, subject.isNamed(by: verified.certificate) else {
                return .refused(
                    .against(
                        .certificateSubject, "The client certificate names a subject other than the one that the app is registered for.",
                        expected: app.metadata.tlsSubject?.value, received: .value(verified.certificate.subject.description)))
            }
            return .passed()
        }
    }
}

/// RFC 8705 §2.2: one of the certificates that the app registered, whoever signed it.
struct SelfSignedTLSClientAuth: ClientAuthenticator {
    let method = ClientAuthenticationMethod.selfSignedTLSClientAuth
    let certificates: ClientCertificates

    func attempt(in request: ClientAuthenticationRequest) throws(OAuthError) -> ClientAttempt? { nil }

    func check(_ attempt: ClientAttempt, of app: App, in request: ClientAuthenticationRequest, at now: Timestamp) async throws -> CredentialCheck {
        guard let presented = request.certificate else { return .refused(.missingCertificate) }
        switch certificates.read(presented.der) {
        case .failure(let refusal): return .refused(.certificate(refusal))
        case .success(let certificate):
            guard try await certificates.live(of: app.id).contains(where: { $0.thumbprint == certificate.thumbprint }) else {
                return .refused(
                    .against(
                        .certificateRegistered, "The client certificate is not one of those that the app registered.",
                        expected: "one of those on the app's certificates page", received: .value("SHA-256 \(certificate.thumbprint.text)")))
            }
            return certificate.untimeliness(at: now).map { .refused(.certificate($0)) } ?? .passed()
        }
    }
}

extension TLSClientSubject {
    /// RFC 8705 §2.1.2
    fileprivate func isNamed(by certificate: ClientCertificate) -> Bool {
        let names = certificate.alternativeNames
        return switch kind {
        case .subjectDN: DistinguishedName(rfc4514: value).map { $0 == certificate.subject } ?? false
        case .dns: names.dns.contains { $0.lowercased() == value.lowercased() }
        case .uri: names.uris.contains(value)
        case .ip: IPAddress(value).map(names.ips.contains) ?? false
        case .email: names.emails.contains(value)
        }
    }
}

extension OAuthError {
    fileprivate static let missingCertificate = OAuthError.against(
        .certificateSent, "No client certificate came with the request: call the address of mtls_endpoint_aliases.")

    /// What exactly is wrong the page of the server's own certificates tells whoever presents it.
    fileprivate static func certificate(_ refusal: CertificateRefusal) -> OAuthError {
        .against(.certificateAccepted, "The client certificate is not accepted: \(refusal.code).", received: .note(refusal.code))
    }
}
