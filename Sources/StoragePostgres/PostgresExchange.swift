internal import CPostgres
internal import Foundation
internal import Storage

/// What was sent to the server together, and what it has answered so far. The server runs nothing behind what fails.
struct PostgresExchange {
    private let statements: [PostgresStatement]
    /// Commands ahead of the statements, and all that was sent.
    private let opening, count: Int
    private var unread: Int
    private var read: [PostgresAnswer] = []
    /// What one of them failed with.
    private(set) var failure: PostgresFailure?

    fileprivate let isPipeline: Bool
    fileprivate var isRead: Bool { unread == 0 }
    fileprivate var isWhole: Bool { failure != nil || read.count >= count }

    /// - Parameter isPipeline: each is answered for itself, and the sync behind them too. Otherwise one text was sent, and its commands are answered.
    fileprivate init(of count: Int, _ statements: [PostgresStatement] = [], after opening: Int = 0, isPipeline: Bool = false) {
        (self.statements, self.opening, self.count, self.isPipeline) = (statements, opening, count, isPipeline)
        unread = isPipeline ? count + 1 : count
    }

    /// - Parameter answer: `nil` behind the last to one of them.
    /// - Returns: whether another to the same may follow.
    fileprivate mutating func note(_ answer: PostgresAnswer?) -> Bool {
        let isSync = isPipeline && unread == 1
        guard let answer, !isSync else {
            unread -= 1
            return false
        }
        failure = failure ?? answer.failure
        if failure == nil { read.append(answer) }
        return true
    }

    /// What was answered, up to what failed.
    var answers: [PostgresAnswer] {
        for (answer, statement) in zip(read.dropFirst(opening), statements) { answer.shape = statement.prepared?.shape }
        return read
    }
}

extension PostgresConnection {
    /// What the server answered, up to what failed.
    typealias Answers = (answers: [PostgresAnswer], failure: PostgresFailure?)

    /// Sends all at once, and waits for the answers.
    /// - Throws: when the connection is lost.
    func exchange(_ statements: [PostgresStatement], after opening: [String] = [], before closing: String? = nil) throws -> Answers {
        guard !opening.isEmpty || !statements.isEmpty || closing != nil else { return ([], nil) }
        var exchange = try send(statements, after: opening, before: closing)
        try finish(&exchange, within: Self.patience)
        return (exchange.answers, exchange.failure)
    }

    /// Sends all at once.
    /// - Throws: when the connection is lost.
    func send(_ statements: [PostgresStatement], after opening: [String] = [], before closing: String? = nil) throws -> PostgresExchange {
        let count = opening.count + statements.count + (closing == nil ? 0 : 1)
        let isPipeline = count > 1
        let isSent =
            (!isPipeline || PQenterPipelineMode(handle) == 1) && opening.allSatisfy(send) && statements.allSatisfy(send) && (closing.map(send) ?? true)
            && (!isPipeline || PQpipelineSync(handle) == 1)
        guard isSent else { throw lost() }
        return PostgresExchange(of: count, statements, after: opening.count, isPipeline: isPipeline)
    }

    private func send(_ command: String) -> Bool { PQsendQueryParams(handle, command, 0, nil, nil, nil, nil, 0) == 1 }

    private func send(_ statement: PostgresStatement) -> Bool {
        statement.binds.withPointers { count, types, values in
            if let name = statement.prepared?.name { return PQsendQueryPrepared(handle, name, count, values, nil, nil, 0) }
            return PQsendQueryParams(handle, statement.text, count, types, values, nil, nil, 0)
        } == 1
    }

    /// Reads the answers to what was sent.
    /// - Parameter patience: for each of them.
    /// - Throws: when the connection is lost, or the server does not answer.
    func finish(_ exchange: inout PostgresExchange, within patience: Duration) throws {
        heldUpAt = .now + Self.longestWait
        while !exchange.isRead {
            guard try readNext(of: &exchange, until: .now + patience) else { throw unanswered() }
        }
        try end(exchange)
    }

    /// Reads the answers that come before the deadline.
    /// - Returns: whether these were all; the others are still to be read.
    /// - Throws: when the connection is lost.
    func read(_ exchange: inout PostgresExchange, until deadline: ContinuousClock.Instant) throws -> Bool {
        while !exchange.isRead {
            guard try readNext(of: &exchange, until: deadline) else { return false }
        }
        try end(exchange)
        return true
    }

    /// - Returns: whether the server answered the next of them in time.
    private func readNext(of exchange: inout PostgresExchange, until deadline: ContinuousClock.Instant) throws -> Bool {
        repeat {
            guard try isAnswered(by: deadline) else { return false }
        } while exchange.note(PQgetResult(handle).map { PostgresAnswer($0) })
        return true
    }

    private func end(_ exchange: PostgresExchange) throws {
        let failure = exchange.failure
        if exchange.isPipeline, PQexitPipelineMode(handle) != 1 { throw lost(failure?.message) }
        guard PQstatus(handle) == CONNECTION_OK, exchange.isWhole else { throw lost(failure?.message) }
        if let failure, failure.makesConnectionUseless { isLost = true }
    }

    /// - Parameter sent: whether one text of commands was sent.
    /// - Returns: the answer to the last of them.
    func answer(to sent: Bool, within patience: Duration) throws -> PostgresAnswer {
        guard sent else { throw lost() }
        var exchange = PostgresExchange(of: 1)
        try finish(&exchange, within: patience)
        if let failure = exchange.failure { throw failure }
        guard let last = exchange.answers.last else { throw lost() }
        return last
    }

    /// - Returns: `nil` behind the last answer.
    func nextAnswer(within patience: Duration) throws -> PostgresAnswer? {
        guard try isAnswered(by: .now + patience) else { throw unanswered() }
        return PQgetResult(handle).map { PostgresAnswer($0) }
    }

    private func isAnswered(by deadline: ContinuousClock.Instant) throws -> Bool {
        while PQisBusy(handle) == 1 {
            if let held = ifHeldUp, .now >= heldUpAt {
                ifHeldUp = nil
                held()
            }
            guard .now < deadline else { return false }
            try waitForInput(until: ifHeldUp == nil ? deadline : min(deadline, heldUpAt))
        }
        return true
    }

    private func waitForInput(until deadline: ContinuousClock.Instant) throws {
        var asked = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let (seconds, attoseconds) = (deadline - .now).components
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        guard poll(&asked, 1, CInt(clamping: max(0, milliseconds))) > 0 else { return }
        guard PQconsumeInput(handle) == 1 else { throw lost() }
    }

    private func unanswered() -> PostgresFailure {
        isLost = true
        return .unanswered
    }
}
