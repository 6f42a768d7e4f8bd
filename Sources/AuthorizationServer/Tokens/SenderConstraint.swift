import AccessTokens
import Applications
import Certificates
import OAuth

/// To what the app's access tokens are bound, by what it proved with this request (RFC 9449 §5, RFC 8705 §3).
enum SenderConstraint {
    static func binding(for request: ClientRequest) -> Result<TokenBinding, OAuthError> {
        let metadata = request.client.app.metadata
        if metadata.dpopBoundAccessTokens, request.dpopKey == nil {
            return .failure(
                .against(.dpopProofSent, "The app's access tokens are bound to a DPoP key: send a proof in the header DPoP.", expected: "one DPoP header"))
        }
        guard metadata.tlsClientCertificateBoundAccessTokens else { return .success(TokenBinding(dpopKey: request.dpopKey)) }
        guard let certificate = request.certificate else {

            return .failure(
                .against(
                    .bindingCertificateSent, "The app's access tokens are bound to its certificate: call the address of mtls_endpoint_aliases with it.",
                    expected: "a client certificate"))

        }
        return .success(TokenBinding(dpopKey: request.dpopKey, certificate: certificate.text))
    }
}
