import Applications
import HTTPTypes
import Hummingbird
import JSON
import Identity
import OAuth
import Primitives
import Storage
import Web

/// RFC 9126: the app hands over its authorization request itself and gets a reference that its customer's browser carries.
struct PushedAuthorizationEndpoint: Sendable {
    let authorization: AuthorizationEndpoint
    /// Of the places that an app has, one network fills 2,000 at most in the 90 seconds that a request waits.
    let byPublicClients = NetworkPace(burst: 200, every: .milliseconds(50))

    func respond(to request: ClientRequest, context: AppContext) async throws -> Response {
        if request.client.method == .none, let wait = byPublicClients.wait(context.client.text, at: context.receivedAt) {
            return tooMany(request, .against(.slowlyPushed, "Too many pushed requests of public apps come from this network."), wait: wait)
        }
        switch try await push(request, at: context.receivedAt) {
        case .success(let uri?):
            let members = JSONObject([("request_uri", .string(uri)), ("expires_in", .integer(PushedRequests.lifetime.components.seconds))])
            return .tokenJSON(members, status: .created)
        case .success(nil):
            // RFC 9126 §2.3
            let most = "at most \(PushedRequests.mostOfOneApp)"
            return tooMany(
                request, .against(.fewPushed, "Too many pushed requests of the app wait for their customers.", expected: most),
                wait: Int(PushedRequests.lifetime.components.seconds))
        case .failure(let error): return request.refused(error)
        }
    }

    private func tooMany(_ request: ClientRequest, _ error: OAuthError, wait: Int) -> Response {
        var response = request.refused(error, status: .tooManyRequests)
        response.headers[.retryAfter] = String(wait)
        return response
    }

    private func push(_ request: ClientRequest, at now: Timestamp) async throws -> Result<String?, OAuthError> {
        let app = request.client.app
        let resolved: ResolvedRequest
        switch await read(request, at: now) {
        case .success(let found): resolved = found
        case .failure(let error): return .failure(error)
        }
        do {
            let target = try RedirectTarget(resolved.parameters, for: app.registeredClient)
            let checked = try authorization.request(resolved, of: app, target: target)
            if case .failure(let error) = try await authorization.transaction(for: checked, of: app, id: nil, at: now) { return .failure(error) }
            // What the sandbox's robot is told with it is read now too, so that a mistake is told before a customer would come.
            if case .failure(let error) = authorization.wish(of: resolved, of: app) { return .failure(error) }
        } catch let error as OAuthError {
            return .failure(error)
        } catch let refusal as RedirectTarget.Refusal {
            return .failure(refusal.error(of: app.registeredClient, received: resolved.parameters["redirect_uri"]))
        }
        return .success(
            try await authorization.pushed.insert(
                resolved.parameters, isSigned: resolved.transport.isSigned, of: app.id, at: now, in: authorization.database))
    }

    /// The parameters that count: those of the form, or of the request object in it; the app's credentials are not among them.
    private func read(_ request: ClientRequest, at now: Timestamp) async -> Result<ResolvedRequest, OAuthError> {
        let (app, form) = (request.client.app, request.parameters)
        // §2.1: a reference to a reference.
        guard form["request_uri"] == nil else {
            return .failure(.against(.noPushedReference, "The parameter request_uri cannot be pushed.", received: .value(form["request_uri"])))
        }
        var parameters = form.pairs.filter { !Self.credentials.contains($0.name) }
        if let text = form["request"] {
            switch await authorization.requestObjects.read(text, from: app, at: now) {
            case .success(let object): parameters = object.parameters.pairs
            case .failure(let error): return .failure(error)
            }
        }
        // RFC 9449 §10.1: a proof binds the code as dpop_jkt does.
        if let key = request.dpopKey {
            let asked = parameters.first { $0.name == "dpop_jkt" }?.value
            guard asked == nil || asked == key else {
                return .failure(.against(.pushedKey, "The dpop_jkt is not the key of the DPoP proof.", expected: key, received: .value(asked)))
            }
            if asked == nil { parameters.append(("dpop_jkt", key)) }
        }
        if !parameters.contains(where: { $0.name == "client_id" }) { parameters.append(("client_id", app.clientID.text)) }
        return .success(
            ResolvedRequest(
                parameters: RequestParameters(parameters), transport: RequestTransport(isPushed: true, isSigned: form["request"] != nil), id: nil))
    }

    private static let credentials: Set<String> = ["client_secret", "client_assertion", "client_assertion_type", "request"]
}
