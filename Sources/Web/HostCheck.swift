package import HTTPTypes
package import Hummingbird

/// A request names exactly one host (RFC 9112 §3.2). Two readers of one request must not take different ones.
package struct HostCheck: RouterMiddleware {
    package typealias Context = AppContext

    package init() {}

    package func handle(_ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response) async throws -> Response {
        // The first Host field became the authority; a second one stayed among the fields.
        guard let host = request.head.authority, !host.isEmpty, request.headers[Self.host] == nil else {
            throw Problem(.invalidRequest, "The request must carry exactly one Host header.")
        }
        return try await next(request, context)
    }

    private static let host = HTTPField.Name("Host")!
}
