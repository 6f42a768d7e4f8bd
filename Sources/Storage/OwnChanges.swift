internal import Synchronization

/// The changes that this process commits, told to its caches behind each commit and before the write returns. The change log tells them again, and tells the
/// other processes (docs/decisions/0007-change-log.md).
package final class OwnChanges: Sendable {
    private let listeners = Mutex<[@Sendable ([Change]) -> Void]>([])

    package init() {}

    package func listen(_ listener: @escaping @Sendable ([Change]) -> Void) { listeners.withLock { $0.append(listener) } }

    /// For the drivers, behind the commit.
    package func tell(_ changes: [Change]) {
        guard !changes.isEmpty else { return }
        for listener in listeners.withLock({ $0 }) { listener(changes) }
    }
}

/// What one transaction announced.
package final class Announcements {
    package private(set) var changes: [Change] = []

    package init() {}

    func add(_ change: Change) { changes.append(change) }
}
