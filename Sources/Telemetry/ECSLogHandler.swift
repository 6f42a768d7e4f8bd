public import Logging
public import Primitives
internal import Synchronization

/// Writes each event as one line of JSON whose fields bear the names of the Elastic Common Schema 8: `@timestamp`, `log.level`, `message`, `http.request.method` …
///
/// What looks like one of our secrets or like a token never leaves, whoever logged it.
public struct ECSLogHandler: LogHandler {
    /// Of the schema.
    static let version = "8.11.0"
    static let service = "wekeza"

    private let label: String
    private let clock: any WallClock
    private let output: any LogOutput

    public var logLevel: Logger.Level = .info
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    public init(label: String, clock: any WallClock = SystemClock(), output: any LogOutput = StandardOutput()) {
        self.label = label
        self.clock = clock
        self.output = output
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line = JSONLine()
        line.add("@timestamp", clock.now.rfc3339WithMilliseconds)
        line.add("log.level", event.level.rawValue)
        line.add("message", Redaction.redact(event.message.description))
        line.add("ecs.version", Self.version)
        line.add("service.name", Self.service)
        line.add("log.logger", label)
        for (key, value) in fields(of: event).sorted(by: { $0.key < $1.key }) {
            let field = ECSField.field(of: key)
            if field.isNumber, let number = Int64(value.description) {
                line.add(field.name, number: number)
            } else {
                line.add(field.name, field.isSecret ? "…" : value)
            }
        }
        output.write(line.finished(), isUrgent: event.level >= .warning)
    }

    private func fields(of event: LogEvent) -> Logger.Metadata {
        var fields = event.metadata ?? [:]
        // The closer to the event, the stronger.
        if let metadataProvider { fields.merge(metadataProvider.get()) { own, _ in own } }
        if !metadata.isEmpty { fields.merge(metadata) { own, _ in own } }
        if let error = event.error, fields["error"] == nil { fields["error"] = "\(error)" }
        return fields
    }
}

/// How our metadata keys are called in the Elastic Common Schema. What it has no field for becomes a label.
struct ECSField {
    let name: String
    let isNumber: Bool
    let isSecret: Bool

    private init(of key: String) {
        name = key.utf8.contains(UInt8(ascii: ".")) ? key : Self.names[key] ?? "labels.\(key)"
        isNumber = Self.numbers.contains(name)
        isSecret = Redaction.isSecret(key)
    }

    /// Keys are the program's own words, few and always the same.
    static func field(of key: String) -> ECSField {
        known.withLock { known in
            if let field = known[key] { return field }
            let field = ECSField(of: key)
            if known.count < mostKnown { known[key] = field }
            return field
        }
    }

    private static let known = Mutex<[String: ECSField]>([:])
    private static let mostKnown = 500

    /// Fields that the schema wants as numbers, however they were logged.
    private static let numbers: Set = ["http.response.status_code", "event.duration", "http.request.body.bytes", "http.response.body.bytes"]

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
