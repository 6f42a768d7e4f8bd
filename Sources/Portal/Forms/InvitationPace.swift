import Pages
import Primitives

/// How many invitations an organisation sends: fifty at once, then one every ten minutes. Each node counts by itself.
struct InvitationPace: Sendable {
    static let burst = 50
    /// Ten minutes, in microseconds.
    static let interval: Int64 = 600_000_000

    private let organisations = PaceLimiter<OrganisationID>()

    /// Counts an invitation.
    /// - Returns: how long its sender has to wait; `nil` when it is let through.
    func wait(_ organisation: OrganisationID, at now: Timestamp) -> Wait? {
        organisations.take(organisation, everyMicroseconds: Self.interval, burst: Self.burst, at: now).secondsToWait.map(Wait.init)
    }
}
