import Applications
import Primitives
import Storage

/// The organisations whose member a developer was when the backup was taken, and which wait for somebody to say that they still are one, in words.
struct HeldPlaces: Encodable, Sendable {
    let heading: String
    let lead =
        "We restored our records from a backup, which does not know who left a team since. An owner who is in already can confirm you on their team page. "
        + "If nobody is, ask the bank."

    /// - Returns: `nil` where no place of theirs is held.
    init?(_ organisations: [Organisation]) {
        guard !organisations.isEmpty else { return nil }
        heading = "Your place at \(organisations.map(\.name).joined(separator: ", ")) waits to be confirmed"
    }
}

extension PortalSite {
    func heldPlaces(of person: PersonID, in tx: any ReadTransaction) throws -> HeldPlaces? {
        HeldPlaces(try organisations.list(of: person, held: true, in: tx))
    }
}
