public import Primitives
import Storage

/// A colleague asked to join an organisation, by a link that works once.
public struct Invitation: Hashable, Sendable {
    public let id: InvitationID
    public let organisationID: OrganisationID
    /// Lower-case. Whoever holds the link may accept it: it was sent to this address.
    public let email: String
    public let role: MemberRole
    public let invitedBy: PersonID
    public let createdAt: Timestamp
    public let expiresAt: Timestamp
    public let acceptedAt: Timestamp?
    public let withdrawnAt: Timestamp?

    public static let lifetime = Duration.days(7)

    public func isOpen(at now: Timestamp) -> Bool { acceptedAt == nil && withdrawnAt == nil && now < expiresAt }
}

extension Invitation {
    init(_ row: Row) throws {
        self.init(
            id: try row["id"], organisationID: try row["organisation_id"], email: try row["email"], role: try row["role"],
            invitedBy: try row["invited_by"], createdAt: try row["created_at"], expiresAt: try row["expires_at"],
            acceptedAt: try row["accepted_at"], withdrawnAt: try row["withdrawn_at"])
    }
}
