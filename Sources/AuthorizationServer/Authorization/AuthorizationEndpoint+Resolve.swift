import Applications
import OAuth
import Primitives
import Storage
import Web

/// A request whose parameters count, wherever they came from.
struct ResolvedRequest: Sendable {
    let parameters: RequestParameters
    let transport: RequestTransport
    /// Of a pushed request: however often its page is opened, it is answered once.
    let id: AuthorizationID?
}

extension AuthorizationEndpoint {
    enum Unresolved: Error {
        case page(AuthorizationPageError.Kind)
        case object(OAuthError)
        /// An object and a reference at once.
        case both
    }

    /// Fetches what the app pushed (RFC 9126 §4) and opens what it signed (RFC 9101 §5): what stands beside it in the address does not count.
    func resolve(_ outer: RequestParameters, of app: App, at now: Timestamp) async throws -> Result<ResolvedRequest, Unresolved> {
        // RFC 9101 §5
        guard outer["request"] == nil || outer["request_uri"] == nil else { return .failure(.both) }
        if let uri = outer["request_uri"], PushedRequests.isOurs(uri) {
            guard !outer.isRepeated("request_uri") else { return .failure(.page(.requestURI)) }
            let found = try await database.readOne { [pushed] in try pushed.find(uri, of: app.id, at: now, in: $0) }
            guard let found, !found.isAnswered else { return .failure(.page(.requestURI)) }
            return .success(
                ResolvedRequest(parameters: found.parameters, transport: RequestTransport(isPushed: true, isSigned: found.isSigned), id: found.id))
        }
        guard let text = outer["request"] else { return .success(ResolvedRequest(parameters: outer, transport: RequestTransport(), id: nil)) }
        guard !outer.isRepeated("request") else { return .failure(.object(RequestObject.Refusal.malformed.error(received: text, issuer: issuer.text))) }
        return await requestObjects.read(text, from: app, at: now)
            .map { ResolvedRequest(parameters: $0.parameters, transport: RequestTransport(isSigned: true), id: nil) }
            .mapError { .object($0) }
    }
}
