package import Primitives

/// An account as it is opened, with nothing on it.
package struct NewAccount: Hashable, Sendable {
    package var id: AccountID
    package var world: OrganisationID
    /// The first holder, then the joint ones. A joint holder without an id is known by name alone.
    package var holders: [AccountHolder]
    package var name: String
    package var product: String
    package var kind: AccountKind
    package var currency: Currency
    package var number: String
    package var status = AccountStatus.open
    package var statusReason: String?
    package var statusChangedAt: Timestamp
    package var openedAt: Timestamp
    package var maturesAt: Timestamp?
    package var interestBasisPoints = 0
    /// In minor units of the currency, not negative.
    package var overdraftLimit: Int64 = 0

    package init(
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
package struct AccountHolder: Hashable, Sendable {
    package let person: PersonID?
    package let name: String

    package init(person: PersonID?, name: String) {
        self.person = person
        self.name = name
    }
}
