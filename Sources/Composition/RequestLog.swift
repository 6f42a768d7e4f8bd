internal import HTTPTypes
package import Hummingbird
internal import Logging
package import Web

/// One log line and one measurement per request. The route's template stands for the path, so that ids never become labels;
/// queries, headers and bodies are never logged.
package struct RequestLog: RouterMiddleware {
    package typealias Context = AppContext
    private let series = RequestSeries()

    package init() {}

    package func handle(_ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let duration = (ContinuousClock.now - start).nanoseconds
        let route = context.endpointPath ?? "none"
        let method = Self.methods.contains(request.method.rawValue) ? request.method.rawValue : "_OTHER"
        series.note(method: method, route: route, status: response.status.code, nanoseconds: duration)
        guard context.logger.logLevel <= .info else { return response }
        var metadata: Logger.Metadata = [
            "http.request.method": .string(method),
            "http.route": .string(route),
            "http.response.status_code": .stringConvertible(response.status.code),
            "event.duration": .stringConvertible(duration),
            "client.ip": .string(context.clientAddress),
            "request_id": .string(response.headers[.requestID] ?? ""),
        ]
        if let trace = TraceParent(of: request.headers) { metadata["trace_id"] = .string(trace.traceID) }
        context.logger.info("request", metadata: metadata)
        return response
    }

    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
}

extension Duration {
    /// Saturates after 292 years.
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product &+ attoseconds / 1_000_000_000
    }
}
