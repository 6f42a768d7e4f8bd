import Synchronization

/// The value of some work, or nothing when it fails or takes longer; the caller does not wait for work that is late.
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
        let timer = Task {
            try? await clock.sleep(for: limit)
            if isFirst() { continuation.resume(returning: nil) }
        }
        Task {
            let value = try? await work()
            if isFirst() { continuation.resume(returning: value) }
            timer.cancel()
        }
    }
}
