internal import Dispatch
internal import Synchronization

/// Threads of their own for slow computation, so that the cooperative pool keeps serving: at most `concurrency` jobs run, at most `queueLimit` wait.
public final class BoundedWorkers: Sendable {
    private typealias Job = @Sendable () -> Void

    private struct State {
        var running = 0
        var waiting: [Job] = []
    }

    private let state = Mutex(State())
    private let queue: DispatchQueue
    private let concurrency: Int
    private let queueLimit: Int

    public init(label: String, concurrency: Int, queueLimit: Int) {
        queue = DispatchQueue(label: label, attributes: .concurrent)
        self.concurrency = max(1, concurrency)
        self.queueLimit = max(0, queueLimit)
    }

    /// - Throws: what the work throws.
    /// - Returns: `nil` when too many wait already.
    public func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result? {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result?, any Error>) in
            let accepted = submit {
                do { continuation.resume(returning: try work()) } catch { continuation.resume(throwing: error) }
            }
            if !accepted { continuation.resume(returning: nil) }
        }
    }

    private func submit(_ job: @escaping Job) -> Bool {
        let (accepted, starts) = state.withLock { state in
            guard state.running >= concurrency else {
                state.running += 1
                return (true, true)
            }
            guard state.waiting.count < queueLimit else { return (false, false) }
            state.waiting.append(job)
            return (true, false)
        }
        if starts { queue.async { self.work(from: job) } }
        return accepted
    }

    private func work(from first: @escaping Job) {
        var next: Job? = first
        while let job = next {
            job()
            next = state.withLock { state in
                guard !state.waiting.isEmpty else {
                    state.running -= 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
        }
    }
}
