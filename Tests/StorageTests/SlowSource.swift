import Synchronization

/// A slow source whose answers a test lets through one by one.
final class SlowSource: Sendable {
    private struct State {
        var values: [String: Int] = [:]
        var reads: [String] = []
        var gates: [CheckedContinuation<Void, Never>] = []
        var isSlow = false
    }

    private let state = Mutex(State())

    var reads: [String] { state.withLock { $0.reads } }

    func set(_ value: Int?, for key: String) { state.withLock { $0.values[key] = value } }
    func slowDown() { state.withLock { $0.isSlow = true } }

    /// Lets every waiting read go on.
    func release() {
        let gates = state.withLock { state in
            state.isSlow = false
            defer { state.gates = [] }
            return state.gates
        }
        for gate in gates { gate.resume() }
    }

    /// The value is read first and handed over later, as a snapshot is.
    func read(_ key: String) async -> Int? {
        let (value, waits) = state.withLock { state in
            state.reads.append(key)
            return (state.values[key], state.isSlow)
        }
        if waits {
            await withCheckedContinuation { gate in
                let goesOn = state.withLock { state in
                    if state.isSlow { state.gates.append(gate) }
                    return !state.isSlow
                }
                if goesOn { gate.resume() }
            }
        }
        return value
    }

    func waitForReads(_ count: Int) async { while reads.count < count { await Task.yield() } }
}
