/// What waits to be sent: a bounded number for each kind of asker, what people asked for themselves first. A mail whose host is busy pauses apart, and holds up
/// no other.
struct MailQueue {
    struct Item: Sendable {
        let id: Int
        let asker: OutgoingMail.Asker
        /// Makes the mail; `nil` is none.
        let write: @Sendable () async throws -> Message?
        var attempts = 0
        var isLastAttempt = false
    }

    private var ready: [Item] = []
    private var pausing: [Int: Item] = [:]
    /// Of each asker, those under way among them.
    private var counts: [OutgoingMail.Asker: Int] = [:]
    private var senders = 0
    private var lastID = 0
    private var isStopping = false

    private static let mostOfAsker = 200

    var count: Int { counts.values.reduce(0, +) }

    mutating func admit(for asker: OutgoingMail.Asker, _ write: @escaping @Sendable () async throws -> Message?) -> Bool {
        guard counts[asker, default: 0] < Self.mostOfAsker else { return false }
        counts[asker, default: 0] += 1
        lastID += 1
        ready.append(Item(id: lastID, asker: asker, write: write))
        return true
    }

    /// - Returns: whether there is work for one more sender, who then counts as one.
    mutating func takesSender() -> Bool {
        guard senders < OutgoingMail.mostAtOnce, !ready.isEmpty else { return false }
        senders += 1
        return true
    }

    /// - Returns: a sender's next mail; without one it is no sender any more.
    mutating func next() -> Item? {
        guard let index = ready.firstIndex(where: { $0.asker == .recipient }) ?? ready.indices.first else {
            senders -= 1
            return nil
        }
        return ready.remove(at: index)
    }

    /// - Returns: how long to wait before the next attempt, unless this was the last one.
    mutating func pause(_ item: Item, _ message: Message, _ pauses: [Duration]) -> Duration? {
        guard !item.isLastAttempt, item.attempts < pauses.count else { return nil }
        pausing[item.id] = Item(id: item.id, asker: item.asker, write: { message }, attempts: item.attempts + 1, isLastAttempt: isStopping)
        return isStopping ? .zero : pauses[item.attempts]
    }

    mutating func resume(_ id: Int) {
        if let item = pausing.removeValue(forKey: id) { ready.append(item) }
    }

    mutating func end(_ item: Item) { counts[item.asker, default: 0] -= 1 }

    /// Nothing pauses any more, and what fails from now on is tried once more at once.
    mutating func stop() {
        isStopping = true
        ready += pausing.values.sorted { $0.id < $1.id }
        pausing = [:]
    }
}
