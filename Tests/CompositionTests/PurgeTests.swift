import Synchronization
import Testing

@testable import Composition

@Suite("The purge")
struct PurgeTests {
    private struct Failed: Error {}

    @Test func `a kind goes on until nothing is left, and one that fails keeps no other waiting`() async throws {
        let batches = Mutex<[String]>([])

        try await Purge.run([
            Purge("fails") {
                batches.withLock { $0.append("fails") }
                throw Failed()
            },
            Purge("has three") {
                batches.withLock { batches in
                    batches.append("has three")
                    return batches.count < 4
                }
            },
            Purge("has one") {
                batches.withLock { $0.append("has one") }
                return false
            },
        ])

        #expect(batches.withLock { $0 } == ["fails", "has three", "has three", "has three", "has one"])
    }

    @Test func `a stop ends it between two batches`() async throws {
        let task = Task {
            try await Purge.run([
                Purge("endless") {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return true
                }
            ])
        }

        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
