import Applications
import HTTPTypes
import Hummingbird
import OAuth

/// Which browser apps may call from their own origin (Fetch §3.3): those whose redirect URIs lie there, without credentials.
enum CrossOrigin {
    /// Lets the app's own origin read the answer.
    static func allow(_ app: App?, for request: Request, on response: inout Response) {
        guard let origin = request.headers[.origin] else { return }
        response.headers[.vary] = "Origin"
        guard let app, app.redirectURIs.contains(where: { $0.originOrScheme == origin.lowercased() }) else { return }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = exposed
    }

    private static let exposed = "DPoP-Nonce, Retry-After, WWW-Authenticate, X-Request-Id"

    /// Lets any origin read a refusal that was made before an app was known: it holds nothing but the reason, which a browser app needs to refresh its token.
    static func allowReason(for request: Request, on response: inout Response) {
        guard let origin = request.headers[.origin], origin.utf8.count <= 255 else { return }
        response.headers[.vary] = "Origin"
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = exposed
    }

    /// A preflight names no app, so any web origin may ask; whether it can read the answer is decided there.
    static func preflight(_ request: Request, methods: String) -> Response {
        guard let origin = request.headers[.origin], origin.hasPrefix("https://") || origin.hasPrefix("http://"), origin.utf8.count <= 255 else {
            return Response(status: .noContent, headers: [.allow: methods])
        }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowOrigin: origin, .accessControlAllowMethods: methods,
                .accessControlAllowHeaders: "Authorization, Content-Type, DPoP", .accessControlMaxAge: "600", .vary: "Origin",
            ])
    }
}
