import Primitives
internal import Synchronization

/// How many bodies beyond the usual size are in memory at once, of all organisations and of one with all its apps, so that uploads cannot fill it, and nobody's
/// keep out those of everybody else.
final class LargeBodies: Sendable {
    private let counts = Mutex<[OrganisationID?: Int]>([:])

    private static let most = 8
    private static let mostOfOne = 2

    /// - Returns: `nil` when there is no room.
    func place(for organisation: OrganisationID?) -> Place? {
        let isThere = counts.withLock { counts in
            guard counts.values.reduce(0, +) < Self.most, counts[organisation, default: 0] < Self.mostOfOne else { return false }
            counts[organisation, default: 0] += 1
            return true
        }
        return isThere ? Place(organisation, among: self) : nil
    }

    private func leave(_ organisation: OrganisationID?) {
        counts.withLock { counts in
            let left = counts[organisation, default: 0] - 1
            counts[organisation] = left > 0 ? left : nil
        }
    }

    /// Held for as long as the body is.
    final class Place: Sendable {
        private let organisation: OrganisationID?
        private let bodies: LargeBodies

        fileprivate init(_ organisation: OrganisationID?, among bodies: LargeBodies) {
            self.organisation = organisation
            self.bodies = bodies
        }

        deinit { bodies.leave(organisation) }
    }
}
