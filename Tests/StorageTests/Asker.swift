@testable import Connections
import NIOCore
import NIOPosix
import Testing

/// Who asks a database: tasks of the process' own threads, or those of an event loop, as a server's connections are.
enum Asker: CaseIterable, CustomTestStringConvertible {
    case threads, eventLoop

    private static let loop = EventLoopExecutor.of(MultiThreadedEventLoopGroup(numberOfThreads: 1).next())

    var executor: (any TaskExecutor)? { self == .eventLoop ? Self.loop : nil }

    var testDescription: String { self == .threads ? "threads" : "an event loop" }

    func run(_ body: () async throws -> Void) async throws {
        try await withTaskExecutorPreference(executor) {
            // Until it has waited for something, a task stays where it was.
            await Task.yield()
            try await body()
        }
    }
}
