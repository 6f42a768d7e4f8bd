internal import Logging
public import ServiceLifecycle

/// Work that is done again and again until the process stops: flushing, stamping, purging. A failure is logged and the next turn tries again.
public struct PeriodicJob: Service {
    private let name: String
    private let interval: Duration
    private let work: @Sendable () async throws -> Void
    private let last: @Sendable () async throws -> Void

    /// - Parameter last: what is left to do when the process stops.
    public init(
        _ name: String, every interval: Duration, _ work: @escaping @Sendable () async throws -> Void,
        last: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.name = name
        self.interval = interval
        self.work = work
        self.last = last
    }

    public func run() async throws {
        let logger = Logger(label: "wekeza.jobs")
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await work()
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("job failed", metadata: ["job": "\(name)", "error": "\(error)"])
                }
                try? await Task.sleep(for: interval)  // cancelled: the loop's condition ends it
            }
        }
        try await LastWork.run(last)
    }
}

/// A loop that runs until the process stops, then does its last work (a flush).
public struct Loop: Service {
    private let body: @Sendable () async -> Void
    private let last: @Sendable () async throws -> Void

    public init(_ body: @escaping @Sendable () async -> Void, last: @escaping @Sendable () async throws -> Void = {}) {
        self.body = body
        self.last = last
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown { await body() }
        try await LastWork.run(last)
    }
}
