internal import Metrics
import Risk
import Synchronization

/// How long risk decisions take, for Prometheus.
final class RiskMetrics: Sendable {
    /// Looked up by name once, because making a handle anew costs more than measuring; and not before the first decision, when there is somewhere to tell it.
    private let durations = Mutex<[RiskOutcome: Metrics.Timer]>([:])

    func note(_ outcome: RiskOutcome, after duration: Duration) {
        let timer = durations.withLock { known in
            if let timer = known[outcome] { return timer }
            let timer = Metrics.Timer(label: "risk_decision_duration_seconds", dimensions: [("outcome", outcome.rawValue)])
            known[outcome] = timer
            return timer
        }
        timer.record(duration: duration)
    }
}
