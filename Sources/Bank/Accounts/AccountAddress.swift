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

/// An account of this bank that another one of it pays.
public struct PaidAccount: Hashable, Sendable {
    public let id: AccountID
    /// Who pays it, as its statement names them.
    public let payer: Counterparty
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

    /// The customer's account with a number of this bank, and who pays it, in one read.
    public func paid(_ number: String, by debtor: AccountID, in world: OrganisationID, _ tx: any ReadTransaction) throws -> PaidAccount? {
        // A payer whose name is missing makes no account another bank's.
        let rows = try tx.all(
            """
            SELECT account.id AS id, payer.number AS payer_number, holder.name AS payer_name
            FROM account
            JOIN account AS payer ON payer.id = \(debtor)
            LEFT JOIN account_holder AS holder ON holder.account_id = payer.id
            WHERE account.world = \(world) AND account.number = \(number) AND account.owner = \(AccountOwner.customer)
            ORDER BY holder.rank
            """)
        guard let first = rows.first else { return nil }
        let names = try rows.compactMap { row -> String? in try row["payer_name"] }
        return PaidAccount(id: try first["id"], payer: Counterparty(holders: names, account: try first["payer_number"]))
    }
}

extension AccountAddress {
    fileprivate init(_ row: Row) throws {
        self.init(id: try row["id"], world: try row["world"], number: try row["number"], status: try row["status"], currency: try row["currency"])
    }
}
