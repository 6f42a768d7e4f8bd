internal import Synchronization

/// The changes that this process commits, told to its caches behind each commit and before the write returns. The change log tells them again, and tells the
/// other processes (docs/decisions/0007-change-log.md).
public final class OwnChanges: Sendable {
    private let listeners = Mutex<[@Sendable ([Change]) -> Void]>([])

    public init() {}

    public func listen(_ listener: @escaping @Sendable ([Change]) -> Void) { listeners.withLock { $0.append(listener) } }

    /// For the drivers, behind the commit.
    public func tell(_ changes: [Change]) {
        guard !changes.isEmpty else { return }
        for listener in listeners.withLock({ $0 }) { listener(changes) }
    }
}

/// What one transaction announced.
public final class Announcements {
    public private(set) var changes: [Change] = []

    public init() {}

    func add(_ change: Change) { changes.append(change) }
}
