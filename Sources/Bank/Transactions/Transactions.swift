public import Primitives
public import Storage

/// Which transactions of an account are asked for.
public struct TransactionFilter: Hashable, Sendable {
    /// The first moment that counts.
    public var from: Timestamp?
    /// The last moment that counts.
    public var to: Timestamp?
    public var directions: Set<Direction>
    public var statuses: Set<TransactionStatus>

    public init(
        from: Timestamp? = nil, to: Timestamp? = nil, directions: Set<Direction> = Set(Direction.allCases),
        statuses: Set<TransactionStatus> = Set(TransactionStatus.allCases)
    ) {
        self.from = from
        self.to = to
        self.directions = directions
        self.statuses = statuses
    }
}

public struct TransactionPage: Hashable, Sendable {
    public let transactions: [BankTransaction]
    /// Where the next page begins; `nil` when this is the last one.
    public let next: TransactionCursor?
}

/// The customers' transactions, booked and pending, the newest first.
public struct Transactions: Sendable {
    public init() {}

    /// The longest page.
    public static let maximumLimit = 500

    /// One page. Its place is a key, not a count: what is booked meanwhile shifts nothing.
    public func list(
        account: AccountID, filter: TransactionFilter = TransactionFilter(), after cursor: TransactionCursor? = nil, limit: Int,
        in tx: any ReadTransaction
    ) throws -> TransactionPage {
        let size = min(max(limit, 1), Self.maximumLimit)
        guard let query = Query(filter, cursor, limit: size + 1) else { return TransactionPage(transactions: [], next: nil) }
        var transactions: [BankTransaction] = []
        if filter.statuses.contains(.booked) { transactions += try booked(account, query, in: tx) }
        if filter.statuses.contains(.pending) { transactions += try pending(account, query, in: tx) }
        transactions.sort { ($0.bookedAt, $0.sequence) > ($1.bookedAt, $1.sequence) }
        let page = Array(transactions.prefix(size))
        return TransactionPage(transactions: page, next: transactions.count > size ? page.last.map(TransactionCursor.init(after:)) : nil)
    }

    public func find(_ id: TransactionID, of account: AccountID, in tx: any ReadTransaction) throws -> BankTransaction? {
        let booked = try tx.first(
            """
            SELECT id, account_id, amount, currency, booked_at, value_at, sequence, balance_after, description, counterparty_name,
                   counterparty_account, category, channel, pending_id
            FROM posting
            WHERE id = \(id) AND account_id = \(account)
            """)
        if let booked { return try BankTransaction(booked: booked) }
        return try tx.first(
            """
            SELECT id, account_id, amount, currency, made_at, settles_at, sequence, description, counterparty_name, counterparty_account, category, channel
            FROM hold
            WHERE id = \(id) AND account_id = \(account) AND state = \(HoldState.pending)
            """
        ).map(BankTransaction.init(pending:))
    }

    private func booked(_ account: AccountID, _ query: Query, in tx: any ReadTransaction) throws -> [BankTransaction] {
        try tx.all(
            """
            SELECT id, account_id, amount, currency, booked_at, value_at, sequence, balance_after, description, counterparty_name,
                   counterparty_account, category, channel, pending_id
            FROM posting
            WHERE account_id = \(account) AND booked_at BETWEEN \(query.from) AND \(query.to)
              AND (booked_at, sequence) < (\(query.beforeTime), \(query.beforeSequence)) AND amount BETWEEN \(query.smallest) AND \(query.largest)
            ORDER BY booked_at DESC, sequence DESC
            LIMIT \(query.limit)
            """
        ).map(BankTransaction.init(booked:))
    }

    private func pending(_ account: AccountID, _ query: Query, in tx: any ReadTransaction) throws -> [BankTransaction] {
        try tx.all(
            """
            SELECT id, account_id, amount, currency, made_at, settles_at, sequence, description, counterparty_name, counterparty_account, category, channel
            FROM hold
            WHERE account_id = \(account) AND state = \(HoldState.pending) AND made_at BETWEEN \(query.from) AND \(query.to)
              AND (made_at, sequence) < (\(query.beforeTime), \(query.beforeSequence)) AND amount BETWEEN \(query.smallest) AND \(query.largest)
            ORDER BY made_at DESC, sequence DESC
            LIMIT \(query.limit)
            """
        ).map(BankTransaction.init(pending:))
    }

    /// The filter as bounds, so that one statement serves every filter by one range of the index.
    private struct Query {
        let from, to, beforeTime, beforeSequence, smallest, largest: Int64
        let limit: Int

        /// - Returns: `nil` when nothing can match.
        init?(_ filter: TransactionFilter, _ cursor: TransactionCursor?, limit: Int) {
            guard !filter.directions.isEmpty else { return nil }
            // Times are kept in whole seconds: a first moment inside a second begins with the next one.
            from = filter.from.map { $0.milliseconds % 1000 == 0 ? $0.seconds : $0.seconds + 1 } ?? .min
            // The cursor bounds the range too, so that a late page begins its scan of the index where it begins.
            to = min(filter.to?.seconds ?? .max, cursor?.at ?? .max)
            beforeTime = cursor?.at ?? .max
            beforeSequence = cursor?.sequence ?? .max
            smallest = filter.directions.contains(.debit) ? .min : 1
            largest = filter.directions.contains(.credit) ? .max : -1
            self.limit = limit
        }
    }
}
