public import ServiceLifecycle
internal import Synchronization

/// The time between being asked to stop and accepting no more. `/readyz` answers 503, so that a balancer sends new requests to other nodes, and each
/// connection ends with its next answer, so that none is cut.
public final class Drain: Service, Sendable {
    private let period: Duration
    private let hasBegun = Atomic(false)

    public init(_ period: Duration) { self.period = period }

    var isOn: Bool { hasBegun.load(ordering: .relaxed) }

    /// Stops before every other service: they go on serving meanwhile.
    public func run() async throws {
        try await gracefulShutdown()
        hasBegun.store(true, ordering: .relaxed)
        try await Task.sleep(for: period)
    }
}
