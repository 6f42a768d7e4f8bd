import AccessTokens
import Applications
import Certificates
import Hummingbird
import OAuth
import Web

/// RFC 6749 §3.2
struct TokenEndpoint: Sendable {
    let grants: AllGrants
    let certificates: ClientCertificates
    let issuer: Issuer

    func respond(to request: ClientRequest, context: AppContext) async throws -> Response {
        let (client, parameters) = (request.client, request.parameters)
        guard let name = parameters["grant_type"] else {
            return OAuthError.invalidRequest("The parameter grant_type is missing.").response(issuer: issuer)
        }
        guard let type = GrantType(rawValue: name), let grant = grants[type] else {
            return OAuthError(.unsupportedGrantType, "The grant type is not supported.").response(issuer: issuer)
        }
        guard client.app.grantTypes.contains(type) else {
            return OAuthError.unauthorizedClient("The app is not registered for the grant type \(type.rawValue).").response(issuer: issuer)
        }
        do {
            try ResourceCheck.check(parameters, audience: AccessTokenIssuer.audience(of: issuer.text))
        } catch {
            return error.response(issuer: issuer)
        }
        let binding: TokenBinding
        switch SenderConstraint.binding(for: request) {
        case .success(let found): binding = found
        case .failure(let error): return error.response(issuer: issuer)
        }
        if binding.certificate != nil, let presented = context.clientCertificate,
            let refusal = try await certificates.refusal(ofBound: presented.der, intermediates: presented.chain, for: client.app, at: context.receivedAt)
        {
            return OAuthError.invalidRequest("The client certificate is not accepted: \(refusal.code).").response(issuer: issuer)
        }
        let request = TokenRequest(client: client, parameters: parameters, binding: binding, requestID: context.requestID, now: context.receivedAt)
        switch try await grant.respond(to: request) {
        case .issued(let tokens): return .tokenJSON(tokens.json(at: context.receivedAt))
        case .refused(let error): return error.response(issuer: issuer)
        }
    }
}
