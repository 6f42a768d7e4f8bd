internal import Primitives
internal import Synchronization

/// A bounded map in front of a read. A miss costs one read, made by the call that missed and shared by all that come meanwhile; what changes is dropped through
/// the change feed. Only what exists is remembered: an unknown key is read each time before it is refused.
///
/// A load that began before a change must not bring the old value back: dropping a key also detaches its load, whose result then reaches those who
/// waited for it and nobody else. While the feed is not current nobody hears of changes, so a load that began a second ago is joined by nobody who comes.
public final class ReadThroughCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// A load's number; they count up.
    private typealias Load = UInt64

    /// How a load ended, for those who waited.
    private enum Ending: Sendable {
        case brought(Value?)
        case failed(any Error)
        /// It brought nothing for those who wait: each looks again.
        case abandoned
    }

    private struct State {
        var known: RecentlyUsed<Key, Value>
        /// The loads that a call may still join, each with the time at which it began.
        var joinable: [Key: (load: Load, begunAt: ContinuousClock.Instant)] = [:]
        /// Who waits for each load under way, detached ones too.
        var waiting: [Load: [CheckedContinuation<Ending, Never>]] = [:]
        var next: Load = 0
    }

    private enum Step {
        case known(Value)
        case wait(for: Load)
        case read(Load)
    }

    private let state: Mutex<State>
    private let feed: ChangeFeed
    private let read: @Sendable (Key) async throws -> Value?

    /// - Parameters:
    ///   - capacity: how many entries it holds at most; those used lately stay.
    ///   - feed: when it is not current, nothing remembered is trusted: each call reads, or shares a read of this moment.
    ///   - read: the read behind a miss.
    public init(capacity: Int, feed: ChangeFeed, read: @escaping @Sendable (Key) async throws -> Value?) {
        state = Mutex(State(known: RecentlyUsed(capacity: capacity)))
        self.feed = feed
        self.read = read
        feed.onFallingBehind { [weak self] in self?.dropAll() }
    }

    /// What is remembered, and may be trusted.
    public func known(_ key: Key) -> Value? { feed.isCurrent ? state.withLock { $0.known[key] } : nil }

    public func value(for key: Key) async throws -> Value? {
        while true {
            let trusts = feed.isCurrent
            switch step(to: key, trusting: trusts) {
            case .known(let value): return value
            case .read(let load): return try await perform(load, of: key, keeping: trusts)
            case .wait(let load):
                switch await ending(of: load) {
                case .brought(let value): return value
                case .failed(let error): throw error
                case .abandoned: continue
                }
            }
        }
    }

    public func drop(_ key: Key) {
        state.withLock { state in
            state.known[key] = nil
            state.joinable[key] = nil
        }
    }

    /// Drops the entries that a change of something else touches, and every load under way, since what it will bring is not known yet.
    public func drop(where isTouched: (Value) -> Bool) {
        state.withLock { state in
            state.known.removeAll(where: isTouched)
            state.joinable.removeAll()
        }
    }

    public func dropAll() {
        state.withLock { state in
            state.known.removeAll { _ in true }
            state.joinable.removeAll()
        }
    }

    public var count: Int { state.withLock { $0.known.count } }

    private func step(to key: Key, trusting: Bool) -> Step {
        state.withLock { state in
            if trusting, let value = state.known[key] { return .known(value) }
            let now = feed.now()
            if let (load, begunAt) = state.joinable[key], trusting || now - begunAt < ChangeFeed.trust { return .wait(for: load) }
            state.next += 1
            state.joinable[key] = (state.next, now)
            state.waiting[state.next] = []
            return .read(state.next)
        }
    }

    /// On the caller's own task: SQLite's point reads are over before another thread would have begun them, those of an event loop at the end of its turn.
    private func perform(_ load: Load, of key: Key, keeping: Bool) async throws -> Value? {
        do {
            let value = try await read(key)
            end(load, of: key, .brought(value), keeping: keeping ? value : nil)
            return value
        } catch {
            end(load, of: key, Task.isCancelled ? .abandoned : .failed(error), keeping: nil)
            throw error
        }
    }

    private func end(_ load: Load, of key: Key, _ ending: Ending, keeping value: Value?) {
        let waiting = state.withLock { state in
            if state.joinable[key]?.load == load {
                state.joinable[key] = nil
                if let value { state.known[key] = value }
            }
            return state.waiting.removeValue(forKey: load) ?? []
        }
        for continuation in waiting { continuation.resume(returning: ending) }
    }

    private func ending(of load: Load) async -> Ending {
        await withCheckedContinuation { continuation in
            let waits = state.withLock { state in
                state.waiting[load]?.append(continuation) != nil
            }
            // It ended since: what it brought is known now, or read anew.
            if !waits { continuation.resume(returning: .abandoned) }
        }
    }
}
