public import Primitives
public import Storage

/// What a member may do: owners also invite, change roles and remove people; both work on apps.
public enum MemberRole: String, CaseIterable, Sendable, Codable, SQLBindable, SQLReadable {
    case owner
    case member

    public var title: String {
        switch self {
        case .owner: "Owner"
        case .member: "Member"
        }
    }
}

/// A developer's place in an organisation.
public struct Membership: Hashable, Sendable {
    public let organisationID: OrganisationID
    public let personID: PersonID
    public let role: MemberRole
    public let joinedAt: Timestamp
    /// Since when a restore holds it; `nil` for a membership in force. What is held gives no right.
    public let heldAt: Timestamp?

    public var isHeld: Bool { heldAt != nil }
}

extension Membership {
    init(_ row: Row) throws {
        self.init(
            organisationID: try row["organisation_id"], personID: try row["person_id"], role: try row["role"], joinedAt: try row["joined_at"],
            heldAt: try row["held_at"])
    }
}
