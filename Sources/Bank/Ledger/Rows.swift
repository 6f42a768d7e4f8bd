import Primitives
import Storage

/// A hold as its row has it.
struct KeptHold {
    let hold: Hold
    let state: HoldState
    let endedAt: Timestamp?
    let sequence: Int64
}

/// A posting with the entry it belongs to.
struct KeptPosting {
    let entry: JournalEntry
    let booked: BookedPosting
}

extension WriteTransaction {
    func insert(_ entries: [JournalEntry]) throws {
        try insert(into: "INSERT INTO journal_entry (id, world, kind, booked_at, reverses, payment_id)", entries) { row, entry in
            row.appendInterpolation(entry.id)
            row.next(entry.world)
            row.next(entry.kind)
            row.next(entry.bookedAt)
            row.next(entry.reverses)
            row.next(entry.payment)
        }
    }

    func insert(_ postings: [KeptPosting]) throws {
        let columns = """
            INSERT INTO posting (id, entry_id, account_id, amount, currency, booked_at, value_at, sequence, balance_after, description,
                                 counterparty_name, counterparty_account, category, channel, pending_id)
            """
        try insert(into: columns, postings) { row, kept in
            let posting = kept.booked.posting
            row.appendInterpolation(posting.id)
            row.next(kept.entry.id)
            row.next(posting.account)
            row.next(posting.amount.minorUnits)
            row.next(posting.amount.currency)
            row.next(kept.entry.bookedAt)
            row.next(kept.entry.valueAt)
            row.next(kept.booked.sequence)
            row.next(kept.booked.balanceAfter)
            row.append(posting.narrative)
            row.next(posting.pendingID)
        }
    }

    func insert(_ holds: [KeptHold]) throws {
        let columns = """
            INSERT INTO hold (id, account_id, state, amount, currency, made_at, settles_at, ended_at, sequence, description, counterparty_name,
                              counterparty_account, category, channel, payment_id)
            """
        try insert(into: columns, holds) { row, kept in
            row.appendInterpolation(kept.hold.id)
            row.next(kept.hold.account)
            row.next(kept.state)
            row.next(kept.hold.amount.minorUnits)
            row.next(kept.hold.amount.currency)
            row.next(kept.hold.madeAt)
            row.next(kept.hold.settlesAt)
            row.next(kept.endedAt)
            row.next(kept.sequence)
            row.append(kept.hold.narrative)
            row.next(kept.hold.payment)
        }
    }

    /// Inserts many rows by few statements: 100 rows each, so that all but the last are one prepared statement.
    private func insert<Element>(
        into columns: String, _ elements: [Element], _ values: (inout SQL.StringInterpolation, Element) -> Void
    ) throws {
        for start in stride(from: 0, to: elements.count, by: 100) {
            let batch = elements[start..<min(start + 100, elements.count)]
            var statement = SQL.StringInterpolation(literalCapacity: 4096, interpolationCount: batch.count * 16)
            statement.appendLiteral(columns)
            for (index, element) in batch.enumerated() {
                statement.appendLiteral(index == 0 ? " VALUES (" : ", (")
                values(&statement, element)
                statement.appendLiteral(")")
            }
            try execute(SQL(stringInterpolation: statement))
        }
    }
}

extension SQL.StringInterpolation {
    fileprivate mutating func next<Value: SQLBindable>(_ value: Value) {
        appendLiteral(", ")
        appendInterpolation(value)
    }

    fileprivate mutating func next<Value: SQLBindable>(_ value: Value?) {
        appendLiteral(", ")
        appendInterpolation(value)
    }

    fileprivate mutating func append(_ narrative: Narrative) {
        next(narrative.description)
        next(narrative.counterparty?.name)
        next(narrative.counterparty?.account)
        next(narrative.category)
        next(narrative.channel)
    }
}

extension Narrative {
    init(_ row: Row) throws {
        let name: String? = try row["counterparty_name"]
        let account: String? = try row["counterparty_account"]
        self.init(
            try row["description"], counterparty: name.map { Counterparty(name: $0, account: account) }, category: try row["category"],
            channel: try row["channel"])
    }
}

extension Posting {
    init(_ row: Row) throws {
        self.init(
            id: try row["id"], account: try row["account_id"], amount: Money(minorUnits: try row["amount"], currency: try row["currency"]),
            narrative: try Narrative(row), pendingID: try row["pending_id"])
    }
}

extension Hold {
    init(_ row: Row) throws {
        self.init(
            id: try row["id"], account: try row["account_id"], amount: Money(minorUnits: try row["amount"], currency: try row["currency"]),
            madeAt: try row["made_at"], settlesAt: try row["settles_at"], narrative: try Narrative(row), payment: try row["payment_id"])
    }
}

extension JournalEntry {
    /// The entry that books a hold in full against the bank's clearing account.
    init(
        settling hold: Hold, in world: OrganisationID, at moment: Timestamp, id: EntryID, ids: (TransactionID, TransactionID)
    ) throws(LedgerRefusal) {
        let opposite = Money(minorUnits: try Int64(0).checkedSubtracting(hold.amount.minorUnits), currency: hold.amount.currency)
        try self.init(
            id: id, world: world, kind: hold.narrative.channel == .card ? .card : .transfer, bookedAt: moment, valueAt: hold.madeAt,
            postings: [
                Posting(id: ids.0, account: hold.account, amount: hold.amount, narrative: hold.narrative, pendingID: hold.id),
                Posting(
                    id: ids.1, account: InternalAccount.clearing.id(hold.amount.currency, in: world), amount: opposite, narrative: hold.narrative),
            ], payment: hold.payment)
    }
}
