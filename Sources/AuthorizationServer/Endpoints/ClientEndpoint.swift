import AccessTokens
import Applications
import Certificates
import HTTPTypes
import Hummingbird
import JOSE
import OAuth
import Primitives
import Web

/// What the endpoints that authenticate an app have in common: read the form, authenticate, answer, and let the app's own origin read the answer.
struct ClientEndpoint: Sendable {
    let authentication: ClientAuthentication
    let proofs: DPoPVerifier
    let addresses: ServerAddresses
    let errors: ErrorAddresses

    typealias Handler = @Sendable (ClientRequest, AppContext) async throws -> Response

    /// - Parameter readsProof: whether a DPoP proof means anything there (RFC 9449 §5, §10.1).
    func respond(
        to request: Request, at endpoint: OAuthEndpoint, context: AppContext, readsProof: Bool, _ handler: Handler
    ) async throws -> Response {
        var app: App?
        var response: Response
        do {
            response = try await answer(request, at: endpoint, context: context, readsProof: readsProof, for: &app, handler)
        } catch let error as any Unavailability where error.isUnavailable {
            response = OAuthError(.temporarilyUnavailable, "The database does not answer.").response(issuer: addresses.issuer)
        }
        CrossOrigin.allow(app, for: request, on: &response)
        return response
    }

    /// - Parameter app: whom the request names, as soon as that is known: a failure of ours is read by its origin too.
    private func answer(
        _ request: Request, at endpoint: OAuthEndpoint, context: AppContext, readsProof: Bool, for app: inout App?, _ handler: Handler
    ) async throws -> Response {
        let (issuer, now) = (addresses.issuer, context.receivedAt)
        let form: FormRequest
        switch try await FormRequest.read(request) {
        case .success(let read): form = read
        case .failure(.oauth(let error, let status)): return error.response(issuer: issuer, status: status)
        }
        // A browser says where its page is from; nobody else asks who may read the answer.
        if request.headers[.origin] != nil { app = try await authentication.app(named: form.parameters) }
        // Before the app is authenticated, so that a proof which needs a nonce does not cost the app its assertion.
        var proof: DPoPProof?
        if readsProof {
            switch proofs.read(request.headers[values: .dpop], for: target(of: request), at: now) {
            case .success(let read): proof = read
            case .failure(let refusal):
                app = try await authentication.app(named: form.parameters)
                return refused(refusal, request, of: app.map { errors.of($0, at: endpoint, now: now) }, at: now)
            }
        }
        let credentials = form.credentials(certificate: context.clientCertificate)
        switch try await authentication.authenticate(credentials, proof: proof, from: context.client, at: now) {
        case .authenticated(let client):
            app = client.app
            let errors = errors.of(client.app, at: endpoint, now: now)
            let authenticated = ClientRequest(
                client: client, parameters: form.parameters, dpopKey: proof?.thumbprint,
                certificate: context.clientCertificate.map { Thumbprint(ofDER: $0.der) }, accept: request.headers[values: .accept], errors: errors)
            return try await handler(authenticated, context)
        case .delayed(let error, let wait, let named):
            app = named
            var response = error.response(errors.of(named, at: endpoint, now: now), status: .tooManyRequests)
            response.headers[.retryAfter] = String(wait)
            return response
        case .refusedProof(let refusal, let named):
            app = named
            return refused(refusal, request, of: errors.of(named, at: endpoint, now: now), at: now)
        case .refused(let error, let named):
            app = named
            return named.map { error.response(errors.of($0, at: endpoint, now: now)) } ?? error.response(issuer: issuer)
        }
    }

    private func target(of request: Request) -> DPoPProof.Target {
        DPoPProof.Target(method: request.method.rawValue, addresses: addresses.all(request.uri.path))
    }

    /// - Parameter errors: `nil` when the request names no app.
    private func refused(_ refusal: DPoPProof.Refusal, _ request: Request, of errors: ErrorAddresses.Of?, at now: Timestamp) -> Response {
        let error = refusal.error(for: target(of: request), received: request.headers[values: .dpop])
        var response = errors.map { error.response($0) } ?? error.response(issuer: addresses.issuer)
        if refusal == .nonceNeeded { response.headers[.dpopNonce] = proofs.nonce(at: now) }
        return response
    }
}

/// A request of an app that has proved who it is.
struct ClientRequest: Sendable {
    let client: AuthenticatedClient
    let parameters: RequestParameters
    /// The thumbprint of the DPoP key that it proved to hold.
    let dpopKey: String?
    /// The certificate of the connection.
    let certificate: Thumbprint?
    /// Every `Accept` header.
    let accept: [String]
    /// Where refusals of it are explained.
    let errors: ErrorAddresses.Of

    func refused(_ error: OAuthError, status: HTTPResponse.Status? = nil) -> Response { error.response(errors, status: status) }

    /// The media type of RFC 9701 §5.
    static let signedIntrospection = "application/token-introspection+jwt"

    /// RFC 9701 §4
    var acceptsSignedIntrospection: Bool { accept.contains { $0.lowercased().contains(Self.signedIntrospection) } }
}

extension DPoPProof.Refusal {
    func error(for target: DPoPProof.Target, received proofs: [String]) -> OAuthError {
        let expected: String? =
            switch self {
            case .method: target.method
            case .address: target.addresses.first
            case .algorithm: DPoPProof.algorithms.map(\.rawValue).joined(separator: " ")
            case .wrongType: "dpop+jwt"
            default: nil
            }
        return .against(rule, message, expected: expected, received: received(in: proofs))
    }
}

extension HTTPField.Name {
    static let dpop = HTTPField.Name("DPoP")!  // a valid name
    static let dpopNonce = HTTPField.Name("DPoP-Nonce")!  // a valid name
}
