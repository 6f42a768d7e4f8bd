internal import Metrics
internal import Synchronization

/// The handles of the request metrics: looked up by name once, because making a handle anew costs more than counting.
final class RequestSeries: Sendable {
    private struct Key: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private struct Handles {
        let requests: Counter
        let durations: Metrics.Timer
    }

    private let known = Mutex<[Key: Handles]>([:])

    /// Methods, routes and statuses are the program's own words; the registry bounds them too.
    private static let most = 2_000

    func note(method: String, route: String, status: Int, nanoseconds: Int64) {
        let handles = handles(Key(method: method, route: route, status: status))
        handles.requests.increment()
        handles.durations.recordNanoseconds(nanoseconds)
    }

    private func handles(_ key: Key) -> Handles {
        if let handles = known.withLock({ $0[key] }) { return handles }
        let labels = [("method", key.method), ("route", key.route), ("status", String(key.status))]
        let handles = Handles(
            requests: Counter(label: "http_server_requests_total", dimensions: labels),
            durations: Metrics.Timer(label: "http_server_request_duration_seconds", dimensions: [("route", key.route)]))
        known.withLock { known in
            if known.count < Self.most { known[key] = handles }
        }
        return handles
    }
}
