import ArgumentParser
import Certificates
import Composition
import Foundation
import JSON
import OAuth

/// The members of client metadata (RFC 7591 §2) that `wekeza apps create` takes: those that many need as flags, the others as JSON.
struct MetadataOptions: ParsableArguments {
    @Option(help: "A file with the app's public keys, a JWK set.")
    var jwks: String?

    @Option(help: "The address of the app's public keys.")
    var jwksUri: String?

    @Option(help: "For tls_client_auth: the subject of its certificate, such as CN=acme,O=Acme (RFC 4514).")
    var tlsClientAuthSubjectDn: String?

    @Option(help: "For tls_client_auth: a DNS name of its certificate.")
    var tlsClientAuthSanDns: String?

    @Option(help: "For tls_client_auth: a URI of its certificate.")
    var tlsClientAuthSanUri: String?

    @Option(help: "For tls_client_auth: an IP address of its certificate.")
    var tlsClientAuthSanIp: String?

    @Option(help: "For tls_client_auth: an email address of its certificate.")
    var tlsClientAuthSanEmail: String?

    @Option(help: "A PEM file with the app's own certificate: for self_signed_tls_client_auth.")
    var certificate: String?

    @Flag(help: "Bind its access tokens to a DPoP key (RFC 9449). [default: where the profile binds tokens, unless it proves itself by a certificate]")
    var dpopBound = false

    @Flag(help: "Bind its access tokens to its certificate (RFC 8705). [default: where the profile binds tokens and it proves itself by one]")
    var certificateBound = false

    @Option(help: "Further members of RFC 7591 as a JSON object, such as '{\"id_token_signed_response_alg\":\"RS256\"}'.")
    var metadata: String?

    /// Under a profile that binds tokens they are bound by what the app proves itself with, unless something is said about it.
    func read(for method: ClientAuthenticationMethod, under profile: SecurityProfile) throws -> ClientMetadata {
        var members = try object(metadata, named: "--metadata")
        if let jwks {
            guard let text = try? String(contentsOfFile: jwks, encoding: .utf8) else { throw ConfigurationError("--jwks \(jwks) cannot be read.") }
            members.append("jwks", .object(try object(text, named: "--jwks")))
        }
        members.append("jwks_uri", jwksUri)
        let subjects: [(TLSClientSubject.Kind, String?)] = [
            (.subjectDN, tlsClientAuthSubjectDn), (.dns, tlsClientAuthSanDns), (.uri, tlsClientAuthSanUri), (.ip, tlsClientAuthSanIp),
            (.email, tlsClientAuthSanEmail),
        ]
        for (kind, value) in subjects { members.append(kind.rawValue, value) }
        let (byDPoP, byCertificate) = ("dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens")
        if dpopBound { members.append(byDPoP, .boolean(true)) }
        if certificateBound { members.append(byCertificate, .boolean(true)) }
        if profile.rules.requiresSenderConstrainedTokens, members[byDPoP] == nil, members[byCertificate] == nil {
            members.append(method.usesCertificate ? byCertificate : byDPoP, .boolean(true))
        }
        do { return try ClientMetadata(reading: members) } catch { throw ConfigurationError("\(error.member) cannot be used. \(error.message).") }
    }

    /// The certificate that the app comes with.
    func readCertificate() throws -> ClientCertificate? {
        guard let certificate else { return nil }
        guard let text = try? String(contentsOfFile: certificate, encoding: .utf8), let der = try? PEMText(text).certificates.first else {
            throw ConfigurationError("--certificate \(certificate) holds no certificate in PEM.")
        }
        switch ClientCertificate.read(der) {
        case .success(let read): return read
        case .failure(let refusal): throw ConfigurationError("--certificate \(certificate) cannot be used. \(refusal.sentence)")
        }
    }

    private func object(_ text: String?, named name: String) throws -> JSONObject {
        guard let text else { return JSONObject() }
        guard let object = try? JSONValue(parsing: text).object else { throw ConfigurationError("\(name) is not a JSON object.") }
        return object
    }
}
