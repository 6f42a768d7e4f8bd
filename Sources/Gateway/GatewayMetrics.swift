internal import Metering
internal import Metrics

/// What the gateway tells Prometheus. Every label has few values: operations and rules are the program's own names, never an app or a path.
struct GatewayMetrics: Sendable {
    func note(_ record: DecisionRecord) {
        let operation = record.operation ?? "none"
        Counter(
            label: "gateway_decisions_total",
            dimensions: [
                ("operation", operation), ("status", "\(record.status)"), ("outcome", record.outcome.rawValue), ("rule", record.rule ?? "none"),
            ]
        ).increment()
        Metrics.Timer(label: "gateway_request_duration_seconds", dimensions: [("operation", operation), ("outcome", record.outcome.rawValue)])
            .recordMicroseconds(record.durationMicroseconds)
    }
}
