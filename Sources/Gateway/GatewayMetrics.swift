internal import Metering
internal import Metrics
internal import Synchronization

/// What the gateway tells Prometheus. Every label has few values: operations and rules are the program's own names, never an app or a path.
final class GatewayMetrics: Sendable {
    private struct Key: Hashable {
        let operation: String
        let status: Int
        let outcome: DecisionOutcome
        let rule: String
    }

    private struct Handles {
        let decisions: Counter
        let durations: Metrics.Timer
    }

    /// Looked up by name once, because making a handle anew costs more than counting.
    private let known = Mutex<[Key: Handles]>([:])
    private static let most = 2_000

    func note(_ record: DecisionRecord) {
        let handles = handles(Key(operation: record.operation ?? "none", status: record.status, outcome: record.outcome, rule: record.rule ?? "none"))
        handles.decisions.increment()
        handles.durations.recordMicroseconds(record.durationMicroseconds)
    }

    private func handles(_ key: Key) -> Handles {
        if let handles = known.withLock({ $0[key] }) { return handles }
        let labels = [("operation", key.operation), ("status", String(key.status)), ("outcome", key.outcome.rawValue), ("rule", key.rule)]
        let handles = Handles(
            decisions: Counter(label: "gateway_decisions_total", dimensions: labels),
            durations: Metrics.Timer(
                label: "gateway_request_duration_seconds", dimensions: [("operation", key.operation), ("outcome", key.outcome.rawValue)]))
        known.withLock { known in
            if known.count < Self.most { known[key] = handles }
        }
        return handles
    }
}
