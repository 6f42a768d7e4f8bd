internal import Logging

/// The removal of one kind of record that can no longer matter, a batch at a time.
///
/// A kind whose rows are renewed repeats outside what its batch was chosen by: PostgreSQL looks at that alone when a row was changed meanwhile.
struct Purge: Sendable {
    private let kind: String
    private let batch: @Sendable () async throws -> Bool

    /// - Parameter batch: returns whether more may be left.
    init(_ kind: String, batch: @escaping @Sendable () async throws -> Bool) {
        self.kind = kind
        self.batch = batch
    }

    /// One kind after the other. What fails is logged and keeps no other waiting; the next turn tries it again.
    /// - Throws: only `CancellationError`.
    static func run(_ purges: [Purge], logger: Logger = Logger(label: "wekeza.jobs")) async throws {
        for purge in purges {
            do {
                repeat { try Task.checkCancellation() } while try await purge.batch()
            } catch let error as CancellationError {
                throw error
            } catch {
                logger.warning("job failed", metadata: ["job": "purge", "kind": "\(purge.kind)", "error": "\(error)"])
            }
        }
    }
}
