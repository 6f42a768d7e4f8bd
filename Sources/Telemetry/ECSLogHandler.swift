package import Logging
package import Primitives

/// Writes each event as one line of JSON whose fields bear the names of the Elastic Common Schema 8: `@timestamp`, `log.level`, `message`, `http.request.method` …
///
/// What looks like one of our secrets or like a token never leaves, whoever logged it.
package struct ECSLogHandler: LogHandler {
    private let label: String
    private let clock: any WallClock
    private let output: any LogOutput

    package var logLevel: Logger.Level = .info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    package init(label: String, clock: any WallClock = SystemClock(), output: any LogOutput = StandardOutput()) {
        self.label = label
        self.clock = clock
        self.output = output
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = JSONLine()
        line.add("@timestamp", clock.now.rfc3339WithMilliseconds)
        line.add("log.level", event.level.rawValue)
        line.add("message", Redaction.redact(event.message.description))
        line.add("ecs.version", "8.11.0")
        line.add("service.name", "wekeza")
        line.add("log.logger", label)
        var fields = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
        if let error = event.error, fields["error"] == nil { fields["error"] = "\(error)" }
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            let name = ECSField.name(of: key)
            if ECSField.numbers.contains(name), let number = Int64(value.description) {
                line.add(name, .stringConvertible(number))
            } else {
                line.add(name, Redaction.isSecret(key) ? "…" : value)
            }
        }
        output.write(line.finished)
    }
}

/// How our metadata keys are called in the Elastic Common Schema. What it has no field for becomes a label.
enum ECSField {
    static func name(of key: String) -> String { key.contains(".") ? key : names[key] ?? "labels.\(key)" }

    /// Fields that the schema wants as numbers, however they were logged.
    static let numbers: Set = ["http.response.status_code", "event.duration", "http.request.body.bytes", "http.response.body.bytes"]

    private static let names = [
        "request_id": "http.request.id",
        "method": "http.request.method",
        "status": "http.response.status_code",
        "path": "url.path",
        "client_address": "client.ip",
        "user_agent": "user_agent.original",
        "duration": "event.duration",
        "outcome": "event.outcome",
        "trace_id": "trace.id",
        "error": "error.message",
    ]
}
