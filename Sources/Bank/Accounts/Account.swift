public import Primitives
import Storage

/// A customer's account.
public struct Account: Hashable, Sendable {
    public let id: AccountID
    public let world: OrganisationID
    /// The first holder.
    public let holder: PersonID
    /// Who else holds it and has an identity of their own in this world.
    public let jointHolders: [PersonID]
    /// Every holder's full name, the first holder first; a joint holder may be known by name alone.
    public let holderNames: [String]
    /// What the customer calls it: `Everyday account`.
    public let name: String
    /// What the bank sells: `Wekeza Everyday`.
    public let product: String
    public let kind: AccountKind
    public let currency: Currency
    public let number: String
    public let status: AccountStatus
    /// Why it is not open, as the rest of a sentence: `it is locked until 14 January 2027`.
    public let statusReason: String?
    public let statusChangedAt: Timestamp
    public let openedAt: Timestamp
    /// When a fixed deposit ends.
    public let maturesAt: Timestamp?
    /// Interest per year in hundredths of a percent.
    public let interestBasisPoints: Int
    public let overdraftLimit: Money

    /// What is shown where the number is nobody's business: `•••• 4417`.
    public var maskedNumber: String { "•••• \(number.suffix(4))" }
    public func isHeld(by person: PersonID) -> Bool { holder == person || jointHolders.contains(person) }
    public var isJoint: Bool { holderNames.count > 1 }
    public var isShareable: Bool { status.isShareable }
    /// How the statements of those it pays name it.
    public var counterparty: Counterparty { Counterparty(holders: holderNames, account: number) }

    /// Why an app cannot be given this account, as the rest of a sentence; `nil` when it can.
    public var reasonNotShareable: String? {
        isShareable ? nil : statusReason ?? "it is \(status.rawValue)"
    }
}
