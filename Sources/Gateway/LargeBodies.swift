import Primitives
internal import Synchronization

/// How many bodies beyond the usual size are in memory at once, of all apps and of one, so that uploads cannot fill it.
final class LargeBodies: Sendable {
    private let counts = Mutex<[AppID?: Int]>([:])

    private static let most = 8
    private static let mostOfOne = 2

    /// - Returns: `nil` when there is no room.
    func place(for app: AppID?) -> Place? {
        let isThere = counts.withLock { counts in
            guard counts.values.reduce(0, +) < Self.most, counts[app, default: 0] < Self.mostOfOne else { return false }
            counts[app, default: 0] += 1
            return true
        }
        return isThere ? Place(app, among: self) : nil
    }

    private func leave(_ app: AppID?) {
        counts.withLock { counts in
            let left = counts[app, default: 0] - 1
            counts[app] = left > 0 ? left : nil
        }
    }

    /// Held for as long as the body is.
    final class Place: Sendable {
        private let app: AppID?
        private let bodies: LargeBodies

        fileprivate init(_ app: AppID?, among bodies: LargeBodies) {
            self.app = app
            self.bodies = bodies
        }

        deinit { bodies.leave(app) }
    }
}
