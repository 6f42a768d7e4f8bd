internal import HTTPTypes
public import Hummingbird
internal import Logging
internal import Primitives
public import Telemetry
public import Web

/// One log line and one measurement per request. The route's template stands for the path, so that ids never become labels;
/// queries, headers and bodies are never logged.
public struct RequestLog: RequestStep {
    private let log: AccessLog
    private let series = RequestSeries()

    public init(log: AccessLog = AccessLog()) { self.log = log }

    public func leave(_ response: inout Response, to request: Request, _ context: AppContext) {
        let duration = (ContinuousClock.now - context.begun).nanoseconds
        let route = context.route ?? "none"
        let method = Self.methods.contains(request.method.rawValue) ? request.method.rawValue : "_OTHER"
        series.note(method: method, route: route, status: response.status.code, nanoseconds: duration)
        guard context.logger.logLevel <= .info else { return }
        log.write(
            AccessLog.Entry(
                method: method, route: route, status: response.status.code, duration: duration, clientAddress: context.clientAddress,
                requestID: context.requestID.rawValue, traceID: TraceParent(of: request.headers)?.traceID))
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
