package import Primitives
import Storage

/// What a member may do: owners also invite, change roles and remove people; both work on apps.
package enum MemberRole: String, CaseIterable, Sendable, Codable, SQLBindable, SQLReadable {
    case owner
    case member

    package var title: String {
        switch self {
        case .owner: "Owner"
        case .member: "Member"
        }
    }
}

/// A developer's place in an organisation.
package struct Membership: Hashable, Sendable {
    package let organisationID: OrganisationID
    package let personID: PersonID
    package let role: MemberRole
    package let joinedAt: Timestamp
}

extension Membership {
    init(_ row: Row) throws {
        self.init(organisationID: try row["organisation_id"], personID: try row["person_id"], role: try row["role"], joinedAt: try row["joined_at"])
    }
}
