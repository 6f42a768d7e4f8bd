package import Primitives
import Storage

/// A colleague asked to join an organisation, by a link that works once.
package struct Invitation: Hashable, Sendable {
    package let id: InvitationID
    package let organisationID: OrganisationID
    /// Lower-case. Whoever holds the link may accept it: it was sent to this address.
    package let email: String
    package let role: MemberRole
    package let invitedBy: PersonID
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    package let acceptedAt: Timestamp?
    package let withdrawnAt: Timestamp?

    package static let lifetime = Duration.days(7)

    package func isOpen(at now: Timestamp) -> Bool { acceptedAt == nil && withdrawnAt == nil && now < expiresAt }
}

extension Invitation {
    init(_ row: Row) throws {
        self.init(
            id: try row["id"], organisationID: try row["organisation_id"], email: try row["email"], role: try row["role"],
            invitedBy: try row["invited_by"], createdAt: try row["created_at"], expiresAt: try row["expires_at"],
            acceptedAt: try row["accepted_at"], withdrawnAt: try row["withdrawn_at"])
    }
}
