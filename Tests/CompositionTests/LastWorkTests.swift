import Synchronization
import Testing

@testable import Composition

@Suite("What a stop must not lose")
struct LastWorkTests {
    private struct NotYet: Error {}

    @Test func `work that fails is done again until it succeeds`() async throws {
        let attempts = Mutex(0)

        try await LastWork.run(within: .seconds(3600)) {
            let attempt = attempts.withLock {
                $0 += 1; return $0
            }
            if attempt < 3 { throw NotYet() }
        }

        #expect(attempts.withLock { $0 } == 3)
    }

    @Test func `a cancelled stop gives up with what the work threw`() async throws {
        let task = Task {
            try await LastWork.run {
                withUnsafeCurrentTask { $0?.cancel() }
                throw NotYet()
            }
        }

        await #expect(throws: NotYet.self) { try await task.value }
    }
}
