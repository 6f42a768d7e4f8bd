internal import Storage

/// Single statements that one turn of an event loop asks for are one read transaction (docs/decisions/0032-turns-that-read.md). It begins when all of them have
/// been asked for, so each sees what was committed before it.
final class TurnReads: Sendable {
    private let readers: PointReaders
    private let loops: LoopLocals<TurnGathering<PointReaders>>

    init(_ readers: PointReaders) {
        self.readers = readers
        loops = LoopLocals { TurnGathering($0, readers) }
    }

    /// Runs it at the end of the turn, or at once on a thread that is no event loop's.
    /// - Returns: `nil` when no connection is free.
    func read<Result: Sendable>(_ body: @escaping (PointReader) throws -> Result) async throws -> Result? {
        guard let turn = loops.current else { return try readers.read(body) }
        return try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Result?, any Error>) in
            turn.add { reader in
                let result = Swift.Result { try reader.map(body) }
                return { continuation.resume(with: result) }
            }
        }
    }

    func close() {
        _ = loops.end()
        readers.close()
    }
}

extension PointReaders: TurnHandler {
    /// Reads, and returns what tells who asked. It gets `nil` where no connection is free.
    typealias Element = (PointReader?) -> () -> Void

    /// Statements of one transaction at most: the log is not emptied while one is read from.
    static var enough: Int { 64 }

    func handle(_ reads: [Element]) {
        var rest = reads[...]
        while !rest.isEmpty {
            runTogether(rest.prefix(Self.enough))
            rest = rest.dropFirst(Self.enough)
        }
    }

    private func runTogether(_ reads: ArraySlice<Element>) {
        let answers = read { reader in
            if reads.count == 1 { reads.map { $0(reader) } } else { reader.inTransaction { reads.map { $0(reader) } } }
        }
        for answer in answers ?? reads.map({ $0(nil) }) { answer() }
    }
}
