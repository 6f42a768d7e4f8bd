internal import Primitives
internal import Synchronization

/// A bounded map in front of a read. A miss costs one read, shared by all who wait for it; what changes is dropped through the change feed.
/// Only what exists is remembered: an unknown key is read each time before it is refused.
///
/// A load that began before a change must not bring the old value back: dropping a key also detaches its load, whose result then reaches those who
/// waited for it and nobody else.
package final class ReadThroughCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Load {
        let number: UInt64
        let task: Task<Value?, any Error>
    }

    private struct State {
        var known: RecentlyUsed<Key, Value>
        var loads: [Key: Load] = [:]
        var nextLoad: UInt64 = 0
    }

    private let state: Mutex<State>
    private let isCurrent: @Sendable () -> Bool
    private let read: @Sendable (Key) async throws -> Value?

    /// - Parameters:
    ///   - capacity: how many entries it holds at most; those used lately stay.
    ///   - feed: when it is not current, nothing remembered is trusted: each call reads.
    ///   - read: the read behind a miss.
    package init(capacity: Int, feed: ChangeFeed, read: @escaping @Sendable (Key) async throws -> Value?) {
        state = Mutex(State(known: RecentlyUsed(capacity: capacity)))
        isCurrent = { feed.isCurrent }
        self.read = read
        feed.onFallingBehind { [weak self] in self?.dropAll() }
    }

    package func value(for key: Key) async throws -> Value? {
        let trusts = isCurrent()
        let (found, load) = state.withLock { state -> (Value?, Load?) in
            if trusts, let value = state.known[key] { return (value, nil) }
            return (nil, state.loads[key] ?? begin(key, keeps: trusts, in: &state))
        }
        return if let load { try await load.task.value } else { found }
    }

    package func drop(_ key: Key) {
        state.withLock { state in
            state.known[key] = nil
            state.loads[key] = nil
        }
    }

    /// Drops the entries that a change of something else touches, and every load under way, since what it will bring is not known yet.
    package func drop(where isTouched: (Value) -> Bool) {
        state.withLock { state in
            state.known.removeAll(where: isTouched)
            state.loads.removeAll()
        }
    }

    package func dropAll() {
        state.withLock { state in
            state.known.removeAll { _ in true }
            state.loads.removeAll()
        }
    }

    package var count: Int { state.withLock { $0.known.count } }

    /// The task begins inside the lock and ends through it, so that its end finds its beginning noted.
    private func begin(_ key: Key, keeps: Bool, in state: inout State) -> Load {
        state.nextLoad += 1
        let number = state.nextLoad
        let load = Load(
            number: number,
            task: Task { [read] in
                do {
                    let value = try await read(key)
                    self.end(key, number: number, bringing: keeps ? value : nil)
                    return value
                } catch {
                    self.end(key, number: number, bringing: nil)
                    throw error
                }
            })
        state.loads[key] = load
        return load
    }

    private func end(_ key: Key, number: UInt64, bringing value: Value?) {
        state.withLock { state in
            guard state.loads[key]?.number == number else { return }
            state.loads[key] = nil
            if let value { state.known[key] = value }
        }
    }
}
