import Applications
import HTTPTypes
import Hummingbird
import OAuth
import Primitives
import Web

/// What the endpoints that authenticate an app have in common: read the form, authenticate, answer, and let the app's own origin read the answer.
struct ClientEndpoint: Sendable {
    let authentication: ClientAuthentication
    let issuer: Issuer

    typealias Handler = @Sendable (AuthenticatedClient, RequestParameters, AppContext) async throws -> Response

    func respond(to request: Request, context: AppContext, _ handler: Handler) async throws -> Response {
        var app: App?
        var response: Response
        do {
            (response, app) = try await answer(request, context: context, handler)
        } catch let error as any Unavailability where error.isUnavailable {
            response = OAuthError(.temporarilyUnavailable, "The database does not answer.").response(issuer: issuer)
            response.headers[.retryAfter] = "1"
        }
        CrossOrigin.allow(app, for: request, on: &response)
        return response
    }

    private func answer(_ request: Request, context: AppContext, _ handler: Handler) async throws -> (Response, App?) {
        let form: FormRequest
        switch try await FormRequest.read(request) {
        case .success(let read): form = read
        case .failure(.oauth(let error, let status)): return (error.response(issuer: issuer, status: status), nil)
        }
        switch try await authentication.authenticate(form.credentials, from: context.client, at: context.receivedAt) {
        case .authenticated(let client): return (try await handler(client, form.parameters, context), client.app)
        case .refused(let error, let app): return (error.response(issuer: issuer), app)
        }
    }
}
