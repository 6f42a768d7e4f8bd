internal import HTTPTypes
package import Hummingbird
internal import Logging
internal import Metrics
package import Web

/// One log line and one measurement per request. The route's template stands for the path, so that ids never become labels;
/// queries, headers and bodies are never logged.
package struct RequestLog: RouterMiddleware {
    package typealias Context = AppContext

    package init() {}

    package func handle(_ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let duration = ContinuousClock.now - start
        let route = context.endpointPath ?? "none"
        let method = Self.methods.contains(request.method.rawValue) ? request.method.rawValue : "_OTHER"
        let labels = [("method", method), ("route", route), ("status", String(response.status.code))]
        Counter(label: "http_server_requests_total", dimensions: labels).increment()
        Metrics.Timer(label: "http_server_request_duration_seconds", dimensions: [("route", route)])
            .recordNanoseconds(duration.nanoseconds)
        var metadata: Logger.Metadata = [
            "http.request.method": "\(method)",
            "http.route": "\(route)",
            "http.response.status_code": "\(response.status.code)",
            "event.duration": "\(duration.nanoseconds)",
            "client.ip": "\(context.clientAddress)",
            "request_id": "\(response.headers[.requestID] ?? "")",
        ]
        if let trace = TraceParent(of: request.headers) { metadata["trace_id"] = "\(trace.traceID)" }
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
