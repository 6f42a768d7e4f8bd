public import Primitives
public import Storage

/// Where a payment goes from or to: an account without its holders.
public struct AccountAddress: Hashable, Sendable {
    public let id: AccountID
    public let world: OrganisationID
    public let number: String
    public let status: AccountStatus
    public let currency: Currency
}

extension Accounts {
    /// A customer's account, and the one of the same world that has this number, in one read.
    public func debtor(
        _ id: AccountID, paying number: String, in tx: any ReadTransaction
    ) throws -> (debtor: AccountAddress, creditor: AccountAddress?)? {
        let found = try tx.all(
            """
            SELECT id, world, number, status, currency
            FROM account
            WHERE owner = \(AccountOwner.customer)
                AND (id = \(id) OR (world = (SELECT world FROM account WHERE id = \(id)) AND number = \(number)))
            """
        ).map(AccountAddress.init)
        return found.first { $0.id == id }.map { (debtor: $0, creditor: found.first { $0.number == number }) }
    }

    /// The customer's account with a number of this bank.
    public func address(of number: String, in world: OrganisationID, _ tx: any ReadTransaction) throws -> AccountAddress? {
        try tx.first(
            """
            SELECT id, world, number, status, currency
            FROM account
            WHERE world = \(world) AND number = \(number) AND owner = \(AccountOwner.customer)
            """
        ).map(AccountAddress.init)
    }
}

extension AccountAddress {
    fileprivate init(_ row: Row) throws {
        self.init(id: try row["id"], world: try row["world"], number: try row["number"], status: try row["status"], currency: try row["currency"])
    }
}
