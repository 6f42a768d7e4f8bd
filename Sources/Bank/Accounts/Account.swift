package import Primitives
import Storage

/// A customer's account.
package struct Account: Hashable, Sendable {
    package let id: AccountID
    package let world: OrganisationID
    /// The first holder.
    package let holder: PersonID
    /// Who else holds it and has an identity of their own in this world.
    package let jointHolders: [PersonID]
    /// Every holder's full name, the first holder first; a joint holder may be known by name alone.
    package let holderNames: [String]
    /// What the customer calls it: `Everyday account`.
    package let name: String
    /// What the bank sells: `Wekeza Everyday`.
    package let product: String
    package let kind: AccountKind
    package let currency: Currency
    package let number: String
    package let status: AccountStatus
    /// Why it is not open, as the rest of a sentence: `it is locked until 14 January 2027`.
    package let statusReason: String?
    package let statusChangedAt: Timestamp
    package let openedAt: Timestamp
    /// When a fixed deposit ends.
    package let maturesAt: Timestamp?
    /// Interest per year in hundredths of a percent.
    package let interestBasisPoints: Int
    package let overdraftLimit: Money

    /// What is shown where the number is nobody's business: `•••• 4417`.
    package var maskedNumber: String { "•••• \(number.suffix(4))" }
    package func isHeld(by person: PersonID) -> Bool { holder == person || jointHolders.contains(person) }
    package var isJoint: Bool { holderNames.count > 1 }
    package var isShareable: Bool { status.isShareable }

    /// Why an app cannot be given this account, as the rest of a sentence; `nil` when it can.
    package var reasonNotShareable: String? {
        isShareable ? nil : statusReason ?? "it is \(status.rawValue)"
    }
}
