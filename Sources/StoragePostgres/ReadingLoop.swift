internal import Dispatch
internal import Foundation
internal import Storage

/// An event loop that reads for itself (docs/decisions/0030-loops-that-read.md): what its turn asks for goes as one exchange, on a connection of its own, and the
/// loop waits for the answers. When that takes long a thread takes over; one opens the connection too, and prepares what is new to it. Until it comes back reads
/// are the pool's, and so are those of a loop that cannot connect.
final class ReadingLoop: TurnHandler, @unchecked Sendable {
    private let pool: ConnectionPool
    /// Does what would hold up the loop.
    private let thread = DispatchQueue(label: "postgres")

    // Touched by the loop alone.
    private var patience = LoopPatience()

    private let lock = NSLock()
    // Guarded by `lock`.
    private var session: PostgresSession?
    private var isClosed = false

    /// Statements of one exchange at most.
    private static let most = 64
    static var enough: Int { most }

    init(_ pool: ConnectionPool) {
        self.pool = pool
        session = PostgresSession(pool: pool)
    }

    func handle(_ reads: [Waiting<SQL>]) {
        reads.dropFirst(Self.most).forEach(pool.read)
        send(reads.prefix(Self.most))
    }

    private func send(_ reads: ArraySlice<Waiting<SQL>>) {
        let begun = ContinuousClock.now
        guard let limit = patience.left(at: begun), let session = take() else { return reads.forEach(pool.read) }
        guard var exchange = session.send(reads.lazy.map(\.content)) else {
            return handOver(session, reads) { try session.read(reads.lazy.map(\.content)) }
        }
        let read = Result { try session.read(&exchange, until: begun + limit) }
        let ended = ContinuousClock.now
        if case .success(nil) = read {
            patience.noteInVain(from: begun, to: ended)
            return handOver(session, reads) { [exchange] in try session.finish(exchange) }
        }
        patience.noteAnswer(from: begun, to: ended)
        giveBack(session)
        pool.answer(reads) { try read.get() ?? [] }
    }

    private func handOver(_ session: PostgresSession, _ reads: ArraySlice<Waiting<SQL>>, _ read: @escaping () throws -> [[Row]]) {
        // The loop has let go of all of it.
        nonisolated(unsafe) let (session, read) = (session, read)
        thread.async {
            session.connect()
            guard session.isConnected else {
                self.giveBack(session)
                return reads.forEach(self.pool.read)
            }
            self.pool.answer(reads) {
                defer { self.giveBack(session) }
                return try read()
            }
        }
    }

    /// - Returns: `nil` while a thread has it.
    private func take() -> PostgresSession? {
        lock.lock()
        defer { lock.unlock() }
        defer { session = nil }
        return session
    }

    private func giveBack(_ session: PostgresSession) {
        lock.lock()
        defer { lock.unlock() }
        if isClosed { session.close() } else { self.session = session }
    }

    /// Closes the connection; one that is in use is closed behind its exchange.
    func close() async {
        endSession()
        await withCheckedContinuation { continuation in thread.async { continuation.resume() } }
    }

    private func endSession() {
        lock.lock()
        defer { lock.unlock() }
        isClosed = true
        session?.close()
        session = nil
    }
}

extension TurnGathering<ReadingLoop> {
    /// Runs one reading statement, which is its own transaction. Called on the loop.
    func read(_ sql: SQL) async throws -> [Row] { try await withUnsafeThrowingContinuation { add(Waiting(content: sql, answer: $0)) } }
}
