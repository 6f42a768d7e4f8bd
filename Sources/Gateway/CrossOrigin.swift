internal import Applications
internal import HTTPTypes
internal import Hummingbird
internal import OAuth

/// What a browser may do with an answer (the Fetch standard's CORS), never with credentials: a cookie means nothing here.
///
/// A preflight carries no token, so it cannot know the app: it only lets the browser ask. The answer itself can be read by the origins of the app's redirect
/// URIs. A refusal made before the app is known can be read by its origin too: it holds nothing but the reason, which a browser app needs to refresh its token.
enum CrossOrigin {
    static func add(to headers: inout HTTPFields, for request: Request, app: App?) {
        guard let origin = request.headers[.origin], origin.utf8.count <= 300 else { return }
        headers.append(HTTPField(name: .vary, value: "Origin"))
        if let app, !app.redirectURIs.contains(where: { $0.originOrScheme == origin.lowercased() }) { return }
        headers[.accessControlAllowOrigin] = origin
        headers[.accessControlExposeHeaders] = exposed
    }

    static func preflight(_ request: Request, allow: String) -> Response {
        var headers: HTTPFields = [.allow: allow, .cacheControl: "no-store"]
        if let origin = request.headers[.origin], origin.utf8.count <= 300, request.headers[.accessControlRequestMethod] != nil {
            headers[.accessControlAllowOrigin] = origin
            headers[.accessControlAllowMethods] = allow
            headers[.accessControlAllowHeaders] =
                "Authorization, Content-Type, DPoP, Idempotency-Key, traceparent, x-fapi-interaction-id, X-Sandbox-Scenario"
            headers[.accessControlMaxAge] = "600"
            headers[.vary] = "Origin"
        }
        return Response(status: .noContent, headers: headers)
    }

    private static let exposed = """
        DPoP-Nonce, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id, x-fapi-interaction-id
        """
}
