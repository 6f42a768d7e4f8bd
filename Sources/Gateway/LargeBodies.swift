import Primitives

/// How many bodies beyond the usual size are in memory at once, so that uploads cannot fill it: eight, with a third of what the other organisations leave for
/// one with all its apps, so that two are read at once as a rule, and it takes six to keep out everybody else.
struct LargeBodies: Sendable {
    private let places = SharedPlaces<OrganisationID?>(8, share: 3)

    /// - Returns: `nil` when there is no room.
    func place(for organisation: OrganisationID?) -> Place? {
        places.take(for: organisation) ? Place(organisation, among: places) : nil
    }

    /// Held for as long as the body is.
    final class Place: Sendable {
        private let organisation: OrganisationID?
        private let places: SharedPlaces<OrganisationID?>

        fileprivate init(_ organisation: OrganisationID?, among places: SharedPlaces<OrganisationID?>) {
            self.organisation = organisation
            self.places = places
        }

        deinit { places.giveBack(organisation) }
    }
}
