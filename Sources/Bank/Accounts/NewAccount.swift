public import Primitives

/// An account as it is opened, with nothing on it.
public struct NewAccount: Hashable, Sendable {
    public var id: AccountID
    public var world: OrganisationID
    /// The first holder, then the joint ones. A joint holder without an id is known by name alone.
    public var holders: [AccountHolder]
    public var name: String
    public var product: String
    public var kind: AccountKind
    public var currency: Currency
    public var number: String
    public var status = AccountStatus.open
    public var statusReason: String?
    public var statusChangedAt: Timestamp
    public var openedAt: Timestamp
    public var maturesAt: Timestamp?
    public var interestBasisPoints = 0
    /// In minor units of the currency, not negative.
    public var overdraftLimit: Int64 = 0

    public init(
        id: AccountID, world: OrganisationID, holders: [AccountHolder], name: String, product: String, kind: AccountKind, currency: Currency,
        number: String, openedAt: Timestamp, overdraftLimit: Int64 = 0
    ) {
        self.id = id
        self.world = world
        self.holders = holders
        self.name = name
        self.product = product
        self.kind = kind
        self.currency = currency
        self.number = number
        self.openedAt = openedAt
        self.statusChangedAt = openedAt
        self.overdraftLimit = max(0, overdraftLimit)
    }
}

/// Somebody who holds an account.
public struct AccountHolder: Hashable, Sendable {
    public let person: PersonID?
    public let name: String

    public init(person: PersonID?, name: String) {
        self.person = person
        self.name = name
    }
}
