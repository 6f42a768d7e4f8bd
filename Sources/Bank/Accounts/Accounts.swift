public import Primitives
public import Storage

/// The customers' accounts.
public struct Accounts: Sendable {
    public init() {}

    // One statement brings the holders along: a row for each, the first holder first.

    /// The accounts that a person holds, alone or jointly, the oldest first.
    public func list(of person: PersonID, in tx: any ReadTransaction) throws -> [Account] {
        try accounts(rows(of: person, in: tx)).map(\.account)
    }

    /// The same with what is on them.
    public func listWithBalances(of person: PersonID, at now: Timestamp, in tx: any ReadTransaction) throws -> [(account: Account, balance: Balance)] {
        try accounts(rows(of: person, in: tx)).map { account, row in (account, try AccountState(row).balance(of: account.id, at: now)) }
    }

    private func rows(of person: PersonID, in tx: any ReadTransaction) throws -> [Row] {
        try tx.all(
            """
            SELECT account.id, world, account.name, product, kind, currency, number, status, status_reason, status_changed_at, opened_at,
                   matures_at, interest_basis_points, overdraft_limit, booked, held, sequence, holder.person_id, holder.name AS holder_name
            FROM account_holder AS own
            JOIN account ON account.id = own.account_id
            JOIN account_holder AS holder ON holder.account_id = account.id
            WHERE own.person_id = \(person)
            ORDER BY opened_at, number, account.id, holder.rank
            """)
    }

    /// Those of these accounts that exist, in the order of `list(of:)`.
    public func list(_ ids: [AccountID], in tx: any ReadTransaction) throws -> [Account] {
        try accounts(
            tx.all(
                """
                SELECT account.id, world, account.name, product, kind, currency, number, status, status_reason, status_changed_at, opened_at,
                       matures_at, interest_basis_points, overdraft_limit, holder.person_id, holder.name AS holder_name
                FROM account
                JOIN account_holder AS holder ON holder.account_id = account.id
                WHERE account.id IN \(list: ids) AND owner = \(AccountOwner.customer)
                ORDER BY opened_at, number, account.id, holder.rank
                """)
        ).map(\.account)
    }

    public func find(_ id: AccountID, in tx: any ReadTransaction) throws -> Account? {
        try list([id], in: tx).first
    }

    /// The customers' accounts with these numbers, by number; numbers of other banks are left out.
    public func find(numbers: [String], in world: OrganisationID, _ tx: any ReadTransaction) throws -> [String: Account] {
        let distinct = Set(numbers).sorted()
        var found: [String: Account] = [:]
        for start in stride(from: 0, to: distinct.count, by: 500) {
            let some = Array(distinct[start..<min(start + 500, distinct.count)])
            let rows = try tx.all(
                """
                SELECT account.id, world, account.name, product, kind, currency, number, status, status_reason, status_changed_at, opened_at,
                       matures_at, interest_basis_points, overdraft_limit, holder.person_id, holder.name AS holder_name
                FROM account
                JOIN account_holder AS holder ON holder.account_id = account.id
                WHERE world = \(world) AND number IN \(list: some) AND owner = \(AccountOwner.customer)
                ORDER BY number, holder.rank
                """)
            for (account, _) in try accounts(rows) { found[account.number] = account }
        }
        return found
    }

    /// The balance, by one read of one indexed row.
    public func balance(of id: AccountID, at now: Timestamp, in tx: any ReadTransaction) throws -> Balance? {
        guard
            let row = try tx.first(
                """
                SELECT currency, status, overdraft_limit, booked, held, sequence
                FROM account
                WHERE id = \(id) AND owner = \(AccountOwner.customer)
                """)
        else { return nil }
        return try AccountState(row).balance(of: id, at: now)
    }

    /// Several balances in one read; accounts that do not exist are left out.
    public func balances(of ids: [AccountID], at now: Timestamp, in tx: any ReadTransaction) throws -> [AccountID: Balance] {
        let rows = try tx.all(
            """
            SELECT id, currency, status, overdraft_limit, booked, held, sequence
            FROM account
            WHERE id IN \(list: ids) AND owner = \(AccountOwner.customer)
            """)
        return try Dictionary(
            rows.map { row in
                let id: AccountID = try row["id"]
                return (id, try AccountState(row).balance(of: id, at: now))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Opens an account with nothing on it.
    /// - Returns: `false` when the id exists already; the statement itself decides, so of two that seed one world one goes on.
    /// - Throws: `StorageError.conflict` when the number is taken in that world.
    public func open(_ new: NewAccount, in tx: any WriteTransaction) throws -> Bool {
        let opened = try tx.first(
            """
            INSERT INTO account (id, world, owner, name, product, kind, currency, number, status, status_reason, status_changed_at, opened_at,
                                 matures_at, interest_basis_points, overdraft_limit, booked, held, sequence)
            VALUES (\(new.id), \(new.world), \(AccountOwner.customer), \(new.name), \(new.product), \(new.kind), \(new.currency), \(new.number),
                    \(new.status), \(new.statusReason), \(new.statusChangedAt), \(new.openedAt), \(new.maturesAt), \(new.interestBasisPoints),
                    \(new.overdraftLimit), 0, 0, 0)
            ON CONFLICT (id) DO NOTHING
            RETURNING id
            """)
        guard opened != nil else { return false }
        for (rank, holder) in new.holders.enumerated() {
            try tx.execute(
                """
                INSERT INTO account_holder (account_id, rank, person_id, name)
                VALUES (\(new.id), \(rank), \(holder.person), \(holder.name))
                """)
        }
        return true
    }

    /// Changes where an account stands.
    /// - Parameter reason: the rest of a sentence that begins with “because”: `it was closed on 3 March 2026`.
    /// - Returns: `false` for an account that does not exist, is closed already, or is to be closed while money is on it or held.
    public func setStatus(
        _ status: AccountStatus, of id: AccountID, because reason: String?, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> Bool {
        try tx.execute(
            """
            UPDATE account
            SET status = \(status), status_reason = \(reason), status_changed_at = \(now)
            WHERE id = \(id) AND owner = \(AccountOwner.customer) AND status <> \(AccountStatus.closed)
              AND (\(status != .closed) OR (booked = 0 AND held = 0))
            """) == 1
    }

    /// The rows of an account follow each other.
    /// - Returns: each account with its first row.
    private func accounts(_ rows: [Row]) throws -> [(account: Account, row: Row)] {
        var accounts: [(account: Account, row: Row)] = []
        var rest = rows[...]
        while let first = rest.first {
            let id: AccountID = try first["id"]
            let holders = try rest.prefix { try $0["id"] == id }
            rest.removeFirst(holders.count)
            if let account = try Account(first, holders: Array(holders)) { accounts.append((account, first)) }
        }
        return accounts
    }
}

/// Whether an account is a customer's or the bank's own.
enum AccountOwner: String, SQLBindable, SQLReadable {
    case customer
    case bank
}

extension Account {
    fileprivate init?(_ row: Row, holders: [Row]) throws {
        let people: [PersonID?] = try holders.map { try $0["person_id"] }
        guard let first = people.first, let holder = first else { return nil }
        let currency: Currency = try row["currency"]
        self.init(
            id: try row["id"], world: try row["world"], holder: holder, jointHolders: people.dropFirst().compactMap { $0 },
            holderNames: try holders.map { try $0["holder_name"] }, name: try row["name"], product: try row["product"], kind: try row["kind"],
            currency: currency, number: try row["number"], status: try row["status"], statusReason: try row["status_reason"],
            statusChangedAt: try row["status_changed_at"], openedAt: try row["opened_at"], maturesAt: try row["matures_at"],
            interestBasisPoints: try row["interest_basis_points"],
            overdraftLimit: Money(minorUnits: try row["overdraft_limit"], currency: currency))
    }
}
