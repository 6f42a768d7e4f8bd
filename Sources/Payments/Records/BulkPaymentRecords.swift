public import OpenBanking
public import Primitives
public import Storage

/// The bulk payments' rows, their lines and their timelines.
public struct BulkPaymentRecords: Sendable {
    public init() {}

    private static let lineInsertion = SQL.Insertion(
        into: "bulk_payment_line",
        columns: ["bulk_payment_id", "number", "amount", "creditor_name", "creditor_account", "reference", "end_to_end_id"])

    func insert(_ bulk: BulkPayment, _ lines: [PaymentFileLine], in tx: any WriteTransaction) throws {
        try tx.execute(
            """
            INSERT INTO bulk_payment (id, app_id, organisation_id, consent_id, format, digest, reference, line_count, total, currency, created_at)
            VALUES (\(bulk.id), \(bulk.appID), \(bulk.organisationID), \(bulk.consentID), \(bulk.format), \(bulk.digest), \(bulk.reference),
                    \(bulk.count), \(bulk.total.minorUnits), \(bulk.total.currency), \(bulk.createdAt))
            """)
        let rows = lines.enumerated().map { index, line in
            [
                bulk.id.sqlValue, (index + 1).sqlValue, line.instruction.amount.minorUnits.sqlValue, line.instruction.creditor.name.sqlValue,
                line.instruction.creditor.account.sqlValue, line.instruction.reference.sqlValue, line.endToEndID?.sqlValue ?? String.sqlNull,
            ]
        }
        try tx.insert(rows, by: Self.lineInsertion)
    }

    // MARK: Moving

    /// Begins to carry it out: one conditional write.
    /// - Returns: `nil` when it was begun before.
    func begin(_ bulk: BulkPayment, _ execution: BulkExecution, in tx: any WriteTransaction) throws -> BulkPayment? {
        var begun = bulk
        begun.execution = execution
        let won = try tx.execute(
            """
            UPDATE bulk_payment
            SET person_id = \(execution.personID), world = \(execution.world), debtor_account_id = \(execution.debtorAccount),
                hold_id = \(execution.holdID), status = \(execution.status), reason = \(execution.reason), received_at = \(execution.receivedAt),
                changed_at = \(execution.changedAt), settles_at = \(execution.settlesAt), idempotency_key = \(execution.idempotencyKey)
            WHERE id = \(bulk.id) AND status IS NULL
            """)
        guard won == 1 else { return nil }
        try note(execution, of: bulk.id, by: .partner, in: tx)
        return begun
    }

    /// Moves it by the transition table of payments: one conditional write and a line of its timeline.
    /// - Returns: `nil` when another writer moved it before, or the table refuses.
    func move(
        _ bulk: BulkPayment, on event: PaymentEvent, by actor: PaymentActor, because reason: PaymentReason, settlesAt: Timestamp? = nil,
        paid: BulkExecution.Paid? = nil, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> BulkPayment? {
        guard let before = bulk.execution, case .moves(let status) = before.status.transition(on: event, by: actor) else { return nil }
        var execution = before
        execution.status = status
        execution.reason = reason
        execution.changedAt = now
        execution.settlesAt = settlesAt ?? before.settlesAt
        execution.paid = paid
        let won = try tx.execute(
            """
            UPDATE bulk_payment
            SET status = \(execution.status), reason = \(execution.reason), changed_at = \(execution.changedAt), settles_at = \(execution.settlesAt),
                paid_count = \(paid?.count), paid_total = \(paid?.total.minorUnits)
            WHERE id = \(bulk.id) AND status = \(before.status)
            """)
        guard won == 1 else { return nil }
        try note(execution, of: bulk.id, by: actor, in: tx)
        var after = bulk
        after.execution = execution
        return after
    }

    /// Marks payments that alone are not made.
    func refuse(_ numbers: [Int], of id: BulkPaymentID, because reason: PaymentReason, in tx: any WriteTransaction) throws {
        for start in stride(from: 0, to: numbers.count, by: 500) {
            let some = Array(numbers[start..<min(start + 500, numbers.count)])
            try tx.execute(
                "UPDATE bulk_payment_line SET refused_because = \(reason) WHERE bulk_payment_id = \(id) AND number IN \(list: some)")
        }
    }

    /// Removes files that nobody had carried out: their consents have ended long ago.
    /// - Returns: how many went, at most `limit`.
    public func purge(uploadedBefore moment: Timestamp, limit: Int = 20, in tx: any WriteTransaction) throws -> Int {
        let rows = try tx.all("SELECT id FROM bulk_payment WHERE status IS NULL AND created_at < \(moment) ORDER BY created_at LIMIT \(limit)")
        let ids: [BulkPaymentID] = try rows.map { try $0["id"] }
        guard !ids.isEmpty else { return 0 }
        try tx.execute("DELETE FROM bulk_payment_line WHERE bulk_payment_id IN \(list: ids)")
        return try tx.execute("DELETE FROM bulk_payment WHERE id IN \(list: ids) AND status IS NULL")
    }

    private func note(_ execution: BulkExecution, of id: BulkPaymentID, by actor: PaymentActor, in tx: any WriteTransaction) throws {
        try tx.execute(
            """
            INSERT INTO payment_event (payment_id, status, actor, reason, occurred_at)
            VALUES (\(id), \(execution.status), \(actor), \(execution.reason), \(execution.changedAt))
            """)
    }

    // MARK: Reading

    public func find(_ id: BulkPaymentID, in tx: any ReadTransaction) throws -> BulkPayment? {
        try tx.first(
            """
            SELECT id, app_id, organisation_id, consent_id, format, digest, reference, line_count, total, currency, created_at, person_id, world,
                   debtor_account_id, hold_id, status, reason, received_at, changed_at, settles_at, idempotency_key, paid_count, paid_total
            FROM bulk_payment
            WHERE id = \(id)
            """
        ).map(BulkPayment.init)
    }

    /// An app's bulk payments, the newest first, page by page.
    /// - Parameter before: the last one of the page before.
    public func list(ofApp appID: AppID, before: BulkPaymentID? = nil, limit: Int, in tx: any ReadTransaction) throws -> [BulkPayment] {
        try tx.all(
            """
            SELECT id, app_id, organisation_id, consent_id, format, digest, reference, line_count, total, currency, created_at, person_id, world,
                   debtor_account_id, hold_id, status, reason, received_at, changed_at, settles_at, idempotency_key, paid_count, paid_total
            FROM bulk_payment
            WHERE app_id = \(appID) AND (\(before) IS NULL OR id < \(before))
            ORDER BY id DESC
            LIMIT \(limit)
            """
        ).map(BulkPayment.init)
    }

    /// What a customer can still cancel of what was begun for them, the newest first: all of it.
    public func cancellable(of personID: PersonID, in tx: any ReadTransaction) throws -> [BulkPayment] {
        try tx.all(
            """
            SELECT id, app_id, organisation_id, consent_id, format, digest, reference, line_count, total, currency, created_at, person_id, world,
                   debtor_account_id, hold_id, status, reason, received_at, changed_at, settles_at, idempotency_key, paid_count, paid_total
            FROM bulk_payment
            WHERE person_id = \(personID) AND status = \(PaymentStatus.held)
            ORDER BY id DESC
            """
        ).map(BulkPayment.init)
    }

    /// The rest of what was begun for a customer, the newest first, page by page.
    /// - Parameter before: the last one of the page before.
    public func rest(of personID: PersonID, before: BulkPaymentID? = nil, limit: Int, in tx: any ReadTransaction) throws -> [BulkPayment] {
        try tx.all(
            """
            SELECT id, app_id, organisation_id, consent_id, format, digest, reference, line_count, total, currency, created_at, person_id, world,
                   debtor_account_id, hold_id, status, reason, received_at, changed_at, settles_at, idempotency_key, paid_count, paid_total
            FROM bulk_payment
            WHERE person_id = \(personID) AND (\(before) IS NULL OR id < \(before)) AND status <> \(PaymentStatus.held)
            ORDER BY id DESC
            LIMIT \(limit)
            """
        ).map(BulkPayment.init)
    }

    /// What waits for a member of staff, the oldest first, page by page.
    /// - Parameter after: the last one of the page before.
    public func waitingForStaff(after: BulkPaymentID? = nil, limit: Int, in tx: any ReadTransaction) throws -> [BulkPayment] {
        try tx.all(
            """
            SELECT id, app_id, organisation_id, consent_id, format, digest, reference, line_count, total, currency, created_at, person_id, world,
                   debtor_account_id, hold_id, status, reason, received_at, changed_at, settles_at, idempotency_key, paid_count, paid_total
            FROM bulk_payment
            WHERE status IN \(list: [PaymentStatus.held, .blocked]) AND (\(after) IS NULL OR id > \(after))
            ORDER BY id
            LIMIT \(limit)
            """
        ).map(BulkPayment.init)
    }

    /// Those of some statuses, in no order.
    func list(in statuses: [PaymentStatus], limit: Int, in tx: any ReadTransaction) throws -> [BulkPayment] {
        try tx.all(
            """
            SELECT id, app_id, organisation_id, consent_id, format, digest, reference, line_count, total, currency, created_at, person_id, world,
                   debtor_account_id, hold_id, status, reason, received_at, changed_at, settles_at, idempotency_key, paid_count, paid_total
            FROM bulk_payment
            WHERE status IN \(list: statuses)
            LIMIT \(limit)
            """
        ).map(BulkPayment.init)
    }

    /// Accepted ones whose time to settle has come, the most overdue first.
    func due(at now: Timestamp, limit: Int, in tx: any ReadTransaction) throws -> [BulkPayment] {
        try list(in: .accepted, by: now, ahead: now + PaymentBooks.patience, limit: limit, in: tx)
    }

    /// Those that were begun and never decided in time, the oldest first.
    func undecided(at now: Timestamp, limit: Int, in tx: any ReadTransaction) throws -> [BulkPayment] {
        try list(in: .received, by: now - PaymentBooks.patience, ahead: now + PaymentBooks.patience, limit: limit, in: tx)
    }

    /// - Parameter ahead: what came to its status after this did so before the clock was set back: its step is due.
    private func list(
        in status: PaymentStatus, by moment: Timestamp, ahead: Timestamp, limit: Int, in tx: any ReadTransaction
    ) throws -> [BulkPayment] {
        try tx.all(
            """
            SELECT id, app_id, organisation_id, consent_id, format, digest, reference, line_count, total, currency, created_at, person_id, world,
                   debtor_account_id, hold_id, status, reason, received_at, changed_at, settles_at, idempotency_key, paid_count, paid_total
            FROM bulk_payment
            WHERE status = \(status) AND (settles_at <= \(moment) OR (settles_at > \(ahead) AND changed_at > \(ahead)))
            ORDER BY settles_at, id
            LIMIT \(limit)
            """
        ).map(BulkPayment.init)
    }

    /// Whether there is one to settle, or one that was never decided.
    public func isAnythingDue(at now: Timestamp, in tx: any ReadTransaction) throws -> Bool {
        let ahead = now + PaymentBooks.patience
        return try tx.first(
            """
            SELECT id
            FROM bulk_payment
            WHERE (status = \(PaymentStatus.accepted) AND settles_at <= \(now))
                OR (status = \(PaymentStatus.received) AND settles_at <= \(now - PaymentBooks.patience))
                OR (status IN \(list: [PaymentStatus.accepted, .received]) AND settles_at > \(ahead) AND changed_at > \(ahead))
            LIMIT 1
            """) != nil
    }

    /// The payments of a file in their order, page by page.
    /// - Parameter after: the number of the last one of the page before.
    public func lines(of bulk: BulkPayment, after: Int = 0, limit: Int = PaymentFile.mostLines, in tx: any ReadTransaction) throws -> [BulkPaymentLine] {
        try tx.all(
            """
            SELECT number, amount, creditor_name, creditor_account, reference, end_to_end_id, refused_because
            FROM bulk_payment_line
            WHERE bulk_payment_id = \(bulk.id) AND number > \(after)
            ORDER BY number
            LIMIT \(limit)
            """
        ).map { try BulkPaymentLine($0, bulk.total.currency) }
    }

    /// The statuses that it had as payments, the oldest first.
    public func timelines(of ids: [BulkPaymentID], in tx: any ReadTransaction) throws -> [BulkPaymentID: [PaymentStep]] {
        let steps = try PaymentRecords().timelines(of: ids.map(\.asPayment), in: tx)
        return Dictionary(uniqueKeysWithValues: Set(ids).map { ($0, steps[$0.asPayment] ?? []) })
    }
}

extension BulkPayment {
    fileprivate init(_ row: Row) throws {
        let currency: Currency = try row["currency"]
        self.init(
            id: try row["id"], appID: try row["app_id"], organisationID: try row["organisation_id"], consentID: try row["consent_id"],
            format: try row["format"], digest: try row["digest"], reference: try row["reference"], count: try row["line_count"],
            total: Money(minorUnits: try row["total"], currency: currency), createdAt: try row["created_at"],
            execution: try BulkExecution(row, currency))
    }
}

extension BulkExecution {
    /// - Returns: `nil` for one that was not begun.
    fileprivate init?(_ row: Row, _ currency: Currency) throws {
        guard let status: PaymentStatus = try row["status"] else { return nil }
        let paidCount: Int? = try row["paid_count"]
        let paidTotal: Int64? = try row["paid_total"]
        self.init(
            personID: try row["person_id"], world: try row["world"], debtorAccount: try row["debtor_account_id"], holdID: try row["hold_id"],
            status: status, reason: try row["reason"], receivedAt: try row["received_at"], changedAt: try row["changed_at"],
            settlesAt: try row["settles_at"], idempotencyKey: try row["idempotency_key"],
            paid: paidCount.flatMap { count in paidTotal.map { Paid(count: count, total: Money(minorUnits: $0, currency: currency)) } })
    }
}

extension BulkPaymentLine {
    fileprivate init(_ row: Row, _ currency: Currency) throws {
        self.init(
            number: try row["number"],
            line: PaymentFileLine(
                instruction: PaymentInstruction(
                    stored: Money(minorUnits: try row["amount"], currency: currency),
                    creditor: Creditor(name: try row["creditor_name"], account: try row["creditor_account"]), reference: try row["reference"]),
                endToEndID: try row["end_to_end_id"]), refusedBecause: try row["refused_because"])
    }
}
