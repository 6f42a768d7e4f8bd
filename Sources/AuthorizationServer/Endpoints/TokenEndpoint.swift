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
    /// The API's address.
    let audience: String

    func respond(to request: ClientRequest, context: AppContext) async throws -> Response {
        let (client, parameters) = (request.client, request.parameters)
        guard let name = parameters["grant_type"] else {
            return request.refused(
                .against(.parameterSent, "The parameter grant_type is missing.", parameter: "grant_type", expected: client.app.grantTypes.names))
        }
        guard let type = GrantType(rawValue: name), let grant = grants[type] else {
            return request.refused(
                .against(.supportedGrantType, "The grant type is not supported.", expected: client.app.grantTypes.names, received: .value(name)))
        }
        guard client.app.grantTypes.contains(type) else {
            return request.refused(
                .against(
                    .registeredGrantType, "The app is not registered for the grant type \(type.rawValue).", expected: client.app.grantTypes.names,
                    received: .value(name)))
        }
        let detail: AuthorizationDetail?
        do throws(OAuthError) {
            try ResourceCheck.check(parameters, audience: audience)
            detail = try AuthorizationDetail(parameters)
        } catch {
            return request.refused(error)
        }
        let binding: TokenBinding
        switch SenderConstraint.binding(for: request) {
        case .success(let found): binding = found
        case .failure(let error): return request.refused(error)
        }
        if binding.certificate != nil, let presented = context.clientCertificate,
            let refusal = try await certificates.refusal(ofBound: presented.der, intermediates: presented.chain, for: client.app, at: context.receivedAt)
        {
            return request.refused(
                .against(
                    .bindingCertificateAccepted, "The client certificate is not accepted: \(refusal.code).", parameter: "client certificate",
                    expected: "a certificate in force", received: .value(refusal.code)))
        }
        let tokenRequest = TokenRequest(
            client: client, parameters: parameters, detail: detail, binding: binding, requestID: context.requestID, now: context.receivedAt)
        switch try await grant.respond(to: tokenRequest) {
        case .issued(let tokens): return .tokenJSON(tokens.json(at: context.receivedAt))
        case .refused(let error): return request.refused(error)
        }
    }
}
