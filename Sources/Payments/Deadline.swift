import Synchronization

/// The value of some work, or nothing when it fails or takes longer; the caller does not wait for work that is late, which is cancelled.
func within<Value: Sendable>(
    _ limit: Duration, by clock: any Clock<Duration>, _ work: @escaping @Sendable () async throws -> Value
) async -> Value? {
    let answered = Mutex(false)
    let isFirst: @Sendable () -> Bool = {
        answered.withLock { answered in
            defer { answered = true }
            return !answered
        }
    }
    return await withCheckedContinuation { continuation in
        let working = Task { try await work() }
        let timer = Task {
            try? await clock.sleep(for: limit)
            guard isFirst() else { return }
            working.cancel()
            continuation.resume(returning: nil)
        }
        Task {
            let value = try? await working.value
            if isFirst() { continuation.resume(returning: value) }
            timer.cancel()
        }
    }
}
