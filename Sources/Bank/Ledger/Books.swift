public import Primitives
public import Storage

/// The books: the ledger's rules applied to the tables. A refusal is a value, and nothing was written for it.
///
/// Each operation first claims the rows of the accounts it moves, in the order of their ids, so that the rules see what no other transaction can change;
/// two withdrawals cannot both spend the same shilling, and two transfers cannot wait for each other for ever.
public struct Books: Sendable {
    public init() {}

    /// The bank's own accounts of a world, made where they are missing.
    public func open(_ world: OrganisationID, currencies: [Currency] = [.kes, .usd], at now: Timestamp, in tx: any WriteTransaction) throws {
        for currency in currencies {
            for account in InternalAccount.allCases {
                try tx.execute(
                    """
                    INSERT INTO account (id, world, owner, name, product, kind, currency, number, status, status_changed_at, opened_at,
                                         interest_basis_points, overdraft_limit, booked, held, sequence)
                    VALUES (\(account.id(currency, in: world)), \(world), \(AccountOwner.bank), \(account.name), \("internal"), \(AccountKind.internal),
                            \(currency), \("\(account.rawValue)-\(currency.rawValue)"), \(AccountStatus.open), \(now), \(now), 0, 0, 0, 0, 0)
                    ON CONFLICT DO NOTHING
                    """)
            }
        }
    }

    /// Books an entry.
    /// - Throws: `StorageError.conflict` when an id was used before; otherwise only storage failures.
    public func post(_ entry: JournalEntry, in tx: any WriteTransaction) throws -> Result<[BookedPosting], LedgerRefusal> {
        var accounts = try claim(entry, in: tx)
        let outcome = Result { () throws(LedgerRefusal) in try Ledger.post(entry, on: &accounts) }
        if case .success(let booked) = outcome { try keep(entry, booked, accounts, in: tx) }
        return outcome
    }

    /// Takes an entry back, once.
    public func reverse(
        _ id: EntryID, because reason: String, at now: Timestamp, randomness: any RandomSource, in tx: any WriteTransaction
    ) throws -> Result<[BookedPosting], LedgerRefusal> {
        guard let entry = try find(id, in: tx) else { return .failure(.unknownEntry(id)) }
        var accounts = try claim(entry, in: tx)
        // The claim locks the customer's row, so that nobody reverses the entry between this look and the insert.
        guard try tx.first("SELECT id FROM journal_entry WHERE reverses = \(id)") == nil else { return .failure(.alreadyReversed(id)) }
        let ids = entry.postings.map { _ in TransactionID.random(from: randomness) }
        let outcome = Result { () throws(LedgerRefusal) in
            let reversal = try Ledger.reversal(of: entry, id: .random(from: randomness), ids: ids, at: now, because: reason)
            return (reversal, try Ledger.post(reversal, on: &accounts))
        }
        if case .success((let reversal, let booked)) = outcome { try keep(reversal, booked, accounts, in: tx) }
        return outcome.map(\.1)
    }

    /// Sets an amount aside, or notes one on its way in.
    public func hold(_ hold: Hold, in tx: any WriteTransaction) throws -> Result<Void, LedgerRefusal> {
        guard var state = try claim(hold.account, in: tx) else { return .failure(.unknownAccount(hold.account)) }
        let outcome = Result { () throws(LedgerRefusal) in try Ledger.hold(hold, on: &state) }
        if case .success(let sequence) = outcome {
            try tx.insert([KeptHold(hold: hold, state: .pending, endedAt: nil, sequence: sequence)])
            try keep([hold.account: state], in: tx)
        }
        return outcome.map { _ in }
    }

    /// Frees what was set aside, once.
    public func release(_ id: TransactionID, at now: Timestamp, in tx: any WriteTransaction) throws -> Result<Void, LedgerRefusal> {
        guard let hold = try end(id, as: .released, at: now, in: tx), var state = try claim(hold.account, in: tx)
        else { return .failure(.notPending(id)) }
        // The row was pending, so its amount is in the account's `held`: the rule cannot refuse.
        try Ledger.release(hold, on: &state)
        try keep([hold.account: state], in: tx)
        return .success(())
    }

    /// Books what was set aside, once, by an entry one of whose postings names the hold as its `pendingID`.
    public func settle(_ id: TransactionID, with entry: JournalEntry, in tx: any WriteTransaction) throws -> Result<[BookedPosting], LedgerRefusal> {
        guard let hold = try pending(id, in: tx) else { return .failure(.notPending(id)) }
        return try settle(hold, with: entry, in: tx)
    }

    /// The same of a hold that the caller has: whether it is still pending, its own conditional write tells.
    public func settle(_ hold: Hold, with entry: JournalEntry, in tx: any WriteTransaction) throws -> Result<[BookedPosting], LedgerRefusal> {
        var accounts = try claim(entry, in: tx)
        let outcome = Result { () throws(LedgerRefusal) in try Ledger.settle(hold, with: entry, on: &accounts) }
        guard case .success(let booked) = outcome else { return outcome }
        guard try end(hold.id, as: .settled, at: entry.bookedAt, in: tx) != nil else { return .failure(.notPending(hold.id)) }
        try keep(entry, booked, accounts, in: tx)
        return outcome
    }

    /// Books the holds whose time to settle has come, against the bank's clearing account, the oldest first. They are booked now, not
    /// on the day they were due: nobody who has read the statement until today may miss them.
    /// - Returns: how many were booked; fewer than `limit` when none is left.
    public func settleDue(at now: Timestamp, limit: Int = 100, randomness: any RandomSource, in tx: any WriteTransaction) throws -> Int {
        let due = try tx.all(
            """
            SELECT hold.id, hold.account_id, hold.amount, hold.currency, hold.made_at, hold.settles_at, hold.description, hold.counterparty_name,
                   hold.counterparty_account, hold.category, hold.channel, hold.payment_id, account.world
            FROM hold
            JOIN account ON account.id = hold.account_id
            WHERE hold.state = \(HoldState.pending) AND hold.settles_at <= \(now) AND hold.payment_id IS NULL
            ORDER BY hold.settles_at, hold.id
            LIMIT \(limit)
            """)
        // In the order in which accounts are locked, so that two who settle do not wait for each other for ever.
        let holds = try due.map { (hold: try Hold($0), world: try $0["world"] as OrganisationID) }.sorted { $0.hold.account < $1.hold.account }
        for (hold, world) in holds {
            let outcome = Result { () throws(LedgerRefusal) in
                try JournalEntry(
                    settling: hold, in: world, at: now, id: .random(from: randomness), ids: (.random(from: randomness), .random(from: randomness)))
            }
            guard case .success(let entry) = outcome, case .success = try settle(hold.id, with: entry, in: tx) else {
                _ = try release(hold.id, at: now, in: tx)
                continue
            }
        }
        return due.count
    }

    /// Reads an entry back.
    public func find(_ id: EntryID, in tx: any ReadTransaction) throws -> JournalEntry? {
        guard let row = try tx.first("SELECT world, kind, booked_at, reverses, payment_id FROM journal_entry WHERE id = \(id)") else { return nil }
        let postings = try tx.all(
            """
            SELECT id, account_id, amount, currency, value_at, description, counterparty_name, counterparty_account, category, channel, pending_id
            FROM posting
            WHERE entry_id = \(id)
            ORDER BY sequence DESC, id
            """)
        guard let valueAt: Timestamp = try postings.first?["value_at"] else { return nil }
        return try JournalEntry(
            id: id, world: try row["world"], kind: try row["kind"], bookedAt: try row["booked_at"], valueAt: valueAt,
            postings: try postings.map(Posting.init), reverses: try row["reverses"], payment: try row["payment_id"])
    }

    /// The sum of an account's postings: what its maintained balance must equal.
    public func derivedBalance(of account: AccountID, in tx: any ReadTransaction) throws -> Int64 {
        try tx.first("SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS total FROM posting WHERE account_id = \(account)")?["total"] ?? 0
    }

    /// The sums of all postings of a world by currency: zero each, always.
    public func totals(of world: OrganisationID, in tx: any ReadTransaction) throws -> [Currency: Int64] {
        let rows = try tx.all(
            """
            SELECT posting.currency AS currency, CAST(SUM(posting.amount) AS BIGINT) AS total
            FROM posting
            JOIN account ON account.id = posting.account_id
            WHERE account.world = \(world)
            GROUP BY posting.currency
            """)
        return try Dictionary(rows.map { (try $0["currency"], try $0["total"]) }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: - Rows

    /// Locks the customers' accounts of an entry until the transaction ends, and reads them; the bank's own are read only.
    private func claim(_ entry: JournalEntry, in tx: any WriteTransaction) throws -> [AccountID: AccountState] {
        // Nearly every entry has this one of the bank's own, so it is looked for where it is.
        let clearing = Set(entry.postings.map { InternalAccount.clearing.id($0.amount.currency, in: entry.world) })
        var accounts: [AccountID: AccountState] = [:]
        for id in Set(entry.postings.map(\.account)).sorted() {
            accounts[id] = try clearing.contains(id) ? own(id, in: tx) : claim(id, in: tx) ?? own(id, in: tx)
        }
        return accounts
    }

    /// - Returns: `nil` when no customer has such an account.
    private func claim(_ id: AccountID, in tx: any WriteTransaction) throws -> AccountState? {
        // An update that changes nothing is the row lock that both engines know.
        try tx.first(
            """
            UPDATE account
            SET sequence = sequence
            WHERE id = \(id) AND owner = \(AccountOwner.customer)
            RETURNING currency, status, overdraft_limit, booked, held, sequence
            """
        ).map(AccountState.init)
    }

    private func own(_ id: AccountID, in tx: any ReadTransaction) throws -> AccountState? {
        try tx.first("SELECT currency FROM account WHERE id = \(id) AND owner = \(AccountOwner.bank)").map { .bank(try $0["currency"]) }
    }

    private func keep(
        _ entry: JournalEntry, _ booked: [BookedPosting], _ accounts: [AccountID: AccountState], in tx: any WriteTransaction
    ) throws {
        try tx.insert([entry])
        try tx.insert(booked.map { KeptPosting(entry: entry, booked: $0) })
        try keep(accounts, in: tx)
    }

    private func keep(_ accounts: [AccountID: AccountState], in tx: any WriteTransaction) throws {
        for (id, state) in accounts.sorted(by: { $0.key < $1.key }) where !state.isBank {
            try tx.execute("UPDATE account SET booked = \(state.booked), held = \(state.held), sequence = \(state.sequence) WHERE id = \(id)")
        }
    }

    private func pending(_ id: TransactionID, in tx: any ReadTransaction) throws -> Hold? {
        try tx.first(
            """
            SELECT id, account_id, amount, currency, made_at, settles_at, description, counterparty_name, counterparty_account, category, channel,
                   payment_id
            FROM hold
            WHERE id = \(id) AND state = \(HoldState.pending)
            """
        ).map(Hold.init)
    }

    /// Spends a hold: one statement, which tells whether it was still pending.
    private func end(_ id: TransactionID, as state: HoldState, at now: Timestamp, in tx: any WriteTransaction) throws -> Hold? {
        try tx.first(
            """
            UPDATE hold
            SET state = \(state), ended_at = \(now)
            WHERE id = \(id) AND state = \(HoldState.pending)
            RETURNING id, account_id, amount, currency, made_at, settles_at, description, counterparty_name, counterparty_account, category, channel,
                      payment_id
            """
        ).map(Hold.init)
    }
}
