internal import Synchronization

/// Places that owners take for a while. What one of them may have shrinks as the others take more, so that it takes many to keep out everybody else.
public final class SharedPlaces<Owner: Hashable & Sendable>: Sendable {
    private let count: Int
    private let share: Int
    private let taken = Mutex<[Owner: Int]>([:])

    /// - Parameters:
    ///   - count: how many there are.
    ///   - share: what part of those that the others leave one owner may have, 4 for a quarter; while there is any, it is at least one.
    public init(_ count: Int, share: Int) {
        self.count = count
        self.share = max(1, share)
    }

    /// - Returns: whether there was one for this owner.
    public func take(for owner: Owner) -> Bool {
        taken.withLock { taken in
            let own = taken[owner, default: 0]
            let left = count - (taken.values.reduce(0, +) - own)
            guard own < left, own < max(1, left / share) else { return false }
            taken[owner] = own + 1
            return true
        }
    }

    public func giveBack(_ owner: Owner) {
        taken.withLock { taken in
            let left = taken[owner, default: 0] - 1
            taken[owner] = left > 0 ? left : nil
        }
    }
}
