import Certificates
import Events
import Foundation
import JOSE
import JSON
import OAuth
import Primitives
import Storage

/// The certificates that an app registers with its keys for `self_signed_tls_client_auth` (RFC 8705 §2.2.2): the first of each `x5c`.
struct RegisteredCertificates: Sendable {
    private let certificates = AppCertificates()

    /// Makes those that an app uploaded the ones of its keys.
    /// - Throws: `RegistrationRefusal.certificate` too.
    func replace(of app: App, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws {
        guard app.authenticationMethod == .selfSignedTLSClientAuth else { return }
        let wanted = try Self.read(app.metadata)
        guard !wanted.isEmpty else {
            throw RegistrationRefusal.certificate("For self_signed_tls_client_auth send jwks with the certificate of a key in its x5c")
        }
        let there = try certificates.list(of: app.id, in: tx).filter { $0.source == .upload }
        for one in there where !wanted.contains(where: { $0.thumbprint == one.thumbprint }) {
            try certificates.remove(one.thumbprint, of: app.id, by: actor, at: now, requestID: requestID, in: tx)
        }
        for certificate in wanted where !there.contains(where: { $0.thumbprint == certificate.thumbprint }) {
            let new = AppCertificate(certificate, of: app.id, source: .upload, at: now)
            if case .failure(let refusal) = try certificates.add(new, by: actor, requestID: requestID, in: tx) {
                throw RegistrationRefusal.certificate(refusal.message)
            }
        }
    }

    private static func read(_ metadata: ClientMetadata) throws(RegistrationRefusal) -> [ClientCertificate] {
        var read: [ClientCertificate] = []
        for key in metadata.jwks?.withCertificates ?? [] {
            guard let der = key["x5c"]?.array?.first?.string.flatMap({ Data(base64Encoded: $0) }) else { throw .certificate("The x5c holds no base64 of DER") }
            switch ClientCertificate.read(Array(der)) {
            case .success(let certificate):
                // RFC 7517 §4.7: a certificate of another key would let in whoever holds that one.
                guard certificate.jwkMembers.allSatisfy({ key[$0.key]?.string == $0.value }) else {
                    throw .certificate("The first certificate of an x5c is not that of its key")
                }
                if !read.contains(certificate) { read.append(certificate) }
            case .failure(let refusal): throw .certificate("The x5c holds a certificate that cannot be used: \(refusal.code)")
            }
        }
        return read
    }
}
