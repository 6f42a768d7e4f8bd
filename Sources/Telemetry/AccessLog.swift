public import Primitives

/// A line for each request, as `ECSLogHandler` would write it with these fields. It is by far the most frequent line and holds nothing but the program's own
/// words and checked identifiers, so it goes without a dictionary of metadata and without a search for secrets.
public struct AccessLog: Sendable {
    /// What is told of a request.
    public struct Entry: Sendable {
        public let method: String
        /// The route's template; never the path itself.
        public let route: String
        public let status: Int
        /// Nanoseconds.
        public let duration: Int64
        public let clientAddress: String
        public let requestID: String
        public let traceID: String?

        public init(method: String, route: String, status: Int, duration: Int64, clientAddress: String, requestID: String, traceID: String?) {
            self.method = method
            self.route = route
            self.status = status
            self.duration = duration
            self.clientAddress = clientAddress
            self.requestID = requestID
            self.traceID = traceID
        }
    }

    /// What all lines share.
    private static let constants: [UInt8] = {
        var line = JSONLine()
        line.add("log.level", "info")
        line.add("message", "request")
        line.add("ecs.version", ECSLogHandler.version)
        line.add("service.name", ECSLogHandler.service)
        line.add("log.logger", "requests")
        return line.members()
    }()

    private let clock: any WallClock
    private let output: any LogOutput

    public init(clock: any WallClock = SystemClock(), output: any LogOutput = StandardOutput()) {
        self.clock = clock
        self.output = output
    }

    public func write(_ entry: Entry) {
        var line = JSONLine()
        line.add(own: "@timestamp", clock.now.rfc3339WithMilliseconds)
        line.add(verbatim: Self.constants)
        line.add(own: "client.ip", entry.clientAddress)
        line.add(own: "event.duration", number: entry.duration)
        line.add(own: "http.request.id", entry.requestID)
        line.add(own: "http.request.method", entry.method)
        line.add(own: "http.response.status_code", number: Int64(entry.status))
        line.add(own: "http.route", entry.route)
        if let traceID = entry.traceID { line.add(own: "trace.id", traceID) }
        output.write(line.finished(), isUrgent: false)
    }
}
