internal import Storage

/// What is a transaction of its own, and goes with others.
enum SingleWrite: Sendable {
    case statement(SQL)
    case rows(RowsToInsert)
}

/// Something to be sent, and the task that waits for the rows that come back.
struct Waiting<Content: Sendable>: Sendable {
    let enteredAt = ContinuousClock.now
    let content: Content
    /// Unchecked: one for each call of the API, where the check costs an object.
    let answer: UnsafeContinuation<[Row], any Error>
}

/// What waits to be sent as one exchange with the server (docs/decisions/0028-gathered-statements.md): a connection takes all of it, and while it waits for the
/// answers the next ones gather. A second connection takes some when more wait than go into an exchange, or when the first is held up.
struct Gathering<Content: Sendable> {
    private var waiting: ArraySlice<Waiting<Content>> = []
    /// Threads that are at it, and threads that were woken for it.
    private var busy = 0
    private var called = 0

    /// Statements of one exchange at most.
    private static var most: Int { 64 }

    var count: Int { waiting.count }
    private var wantsThread: Bool { (busy + called) * Self.most < waiting.count }

    /// - Returns: whether a thread is to be woken.
    mutating func add(_ statement: Waiting<Content>) -> Bool {
        waiting.append(statement)
        return callsThread()
    }

    /// - Returns: what a thread that is free is to send, until it says `end`; `nil` when others do.
    mutating func take() -> ArraySlice<Waiting<Content>>? {
        guard !waiting.isEmpty, called > 0 || wantsThread else { return nil }
        busy += 1
        called = max(0, called - 1)
        let taken = waiting.prefix(Self.most)
        waiting = waiting.dropFirst(Self.most)
        if waiting.isEmpty { called = 0 }
        return taken
    }

    mutating func end() { busy -= 1 }

    /// - Returns: whether a thread is to be woken for what waits.
    mutating func callsThread() -> Bool {
        guard wantsThread else { return false }
        called += 1
        return true
    }

    mutating func takeAll() -> ArraySlice<Waiting<Content>> {
        defer { (waiting, called) = ([], 0) }
        return waiting
    }
}

/// A thread's place among those that are at what gathered.
final class Place {
    private var giveBack: ((_ isHeldUp: Bool) -> Void)?

    init(_ giveBack: @escaping (_ isHeldUp: Bool) -> Void) { self.giveBack = giveBack }

    /// Lets another thread take it, where this one may take long.
    func leave() { giveBack(isHeldUp: true) }

    /// The thread looks for the next itself.
    func end() { giveBack(isHeldUp: false) }

    private func giveBack(isHeldUp: Bool) {
        giveBack?(isHeldUp)
        giveBack = nil
    }
}
