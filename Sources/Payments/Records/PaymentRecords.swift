import OpenBanking
public import Primitives
public import Storage

/// The payments' rows and their timelines.
public struct PaymentRecords: Sendable {
    public init() {}

    func insert(_ payment: Payment, in tx: any WriteTransaction) throws {
        try tx.execute(
            """
            INSERT INTO payment (id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name,
                                 creditor_account, reference, execution_date, standing_order_id, hold_id, status, reason, created_at, changed_at,
                                 settles_at, idempotency_key, scenario)
            VALUES (\(payment.id), \(payment.kind), \(payment.appID), \(payment.organisationID), \(payment.consentID), \(payment.personID), \(payment.world),
                    \(payment.debtorAccount), \(payment.instruction.amount.minorUnits), \(payment.instruction.amount.currency),
                    \(payment.instruction.creditor.name), \(payment.instruction.creditor.account), \(payment.instruction.reference),
                    \(payment.executionDate?.description), \(payment.standingOrderID), \(payment.holdID), \(payment.status), \(payment.reason), \(payment.createdAt), \(payment.changedAt), \(payment.settlesAt),
                    \(payment.idempotencyKey), \(payment.scenario?.name))
            """)
        try note(payment, by: payment.kind == .standingOrder ? .system : .partner, in: tx)
    }

    /// Moves a payment by the transition table: one conditional write and a line of its timeline.
    /// - Returns: `nil` when another writer moved it before, or the table refuses.
    func move(
        _ payment: Payment, on event: PaymentEvent, by actor: PaymentActor, because reason: PaymentReason, settlesAt: Timestamp? = nil,
        at now: Timestamp, in tx: any WriteTransaction
    ) throws -> Payment? {
        guard case .moves(let status) = payment.status.transition(on: event, by: actor) else { return nil }
        var after = payment
        after.status = status
        after.reason = reason
        after.changedAt = now
        after.settlesAt = settlesAt ?? payment.settlesAt
        let won = try tx.execute(
            """
            UPDATE payment
            SET status = \(after.status), reason = \(after.reason), changed_at = \(after.changedAt), settles_at = \(after.settlesAt)
            WHERE id = \(payment.id) AND status = \(payment.status)
            """)
        guard won == 1 else { return nil }
        try note(after, by: actor, in: tx)
        return after
    }

    public func find(_ id: PaymentID, in tx: any ReadTransaction) throws -> Payment? {
        try tx.first(
            """
            SELECT id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account,
                   reference, execution_date, standing_order_id, hold_id, status, reason, created_at, changed_at, settles_at, idempotency_key, scenario
            FROM payment
            WHERE id = \(id)
            """
        ).map(Payment.init)
    }

    /// What a request under a consent made, by the request's key.
    /// - Parameter moment: a key that came before it may come again for another payment.
    func find(of consent: ConsentID, kind: PaymentKind, key: String, since moment: Timestamp, in tx: any ReadTransaction) throws -> Payment? {
        try tx.first(
            """
            SELECT id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account,
                   reference, execution_date, standing_order_id, hold_id, status, reason, created_at, changed_at, settles_at, idempotency_key, scenario
            FROM payment
            WHERE consent_id = \(consent) AND created_at >= \(moment) AND kind = \(kind) AND idempotency_key = \(key)
            """
        ).map(Payment.init)
    }

    /// The sum of what was paid under a consent since a moment and was not taken back, in minor units.
    public func total(of consent: ConsentID, since moment: Timestamp, in tx: any ReadTransaction) throws -> Int64 {
        try tx.first(
            """
            SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS total
            FROM payment
            WHERE consent_id = \(consent) AND created_at >= \(moment) AND status NOT IN \(list: [PaymentStatus.rejected, .cancelled])
            """)?["total"] ?? 0
    }

    /// An app's payments, the newest first, page by page.
    /// - Parameter before: the last payment of the page before.
    public func list(ofApp appID: AppID, kinds: [PaymentKind] = PaymentKind.allCases, before: PaymentID? = nil, limit: Int, in tx: any ReadTransaction) throws
        -> [Payment]
    {
        try tx.all(
            """
            SELECT id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account,
                   reference, execution_date, standing_order_id, hold_id, status, reason, created_at, changed_at, settles_at, idempotency_key, scenario
            FROM payment
            WHERE app_id = \(appID) AND (\(before) IS NULL OR id < \(before)) AND kind IN \(list: kinds)
            ORDER BY id DESC
            LIMIT \(limit)
            """
        ).map(Payment.init)
    }

    /// What a customer can still cancel of what apps ordered, the newest first: all of it, since what they do not find, they cannot stop.
    public func cancellable(of personID: PersonID, in tx: any ReadTransaction) throws -> [Payment] {
        // The statuses stand in the text: an index of some rows serves who asks for no others.
        try tx.all(
            """
            SELECT id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account,
                   reference, execution_date, standing_order_id, hold_id, status, reason, created_at, changed_at, settles_at, idempotency_key, scenario
            FROM payment
            WHERE person_id = \(personID) AND status IN ('scheduled', 'held')
            ORDER BY id DESC
            """
        ).map(Payment.init)
    }

    /// The rest of a customer's payments made through apps, the newest first, page by page.
    /// - Parameter before: the last payment of the page before.
    public func rest(of personID: PersonID, before: PaymentID? = nil, limit: Int, in tx: any ReadTransaction) throws -> [Payment] {
        try tx.all(
            """
            SELECT id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account,
                   reference, execution_date, standing_order_id, hold_id, status, reason, created_at, changed_at, settles_at, idempotency_key, scenario
            FROM payment
            WHERE person_id = \(personID) AND (\(before) IS NULL OR id < \(before)) AND status NOT IN ('scheduled', 'held')
            ORDER BY id DESC
            LIMIT \(limit)
            """
        ).map(Payment.init)
    }

    /// What waits for a member of staff, the oldest first, page by page.
    /// - Parameters:
    ///   - isScenario: whether a scenario of the sandbox has it wait.
    ///   - after: the last payment of the page before.
    public func waitingForStaff(isScenario: Bool, after: PaymentID? = nil, limit: Int, in tx: any ReadTransaction) throws -> [Payment] {
        try tx.all(
            """
            SELECT id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account,
                   reference, execution_date, standing_order_id, hold_id, status, reason, created_at, changed_at, settles_at, idempotency_key, scenario
            FROM payment
            WHERE status IN \(list: [PaymentStatus.held, .blocked]) AND (scenario IS NOT NULL) = \(isScenario)
                AND (\(after) IS NULL OR id > \(after))
            ORDER BY id
            LIMIT \(limit)
            """
        ).map(Payment.init)
    }

    /// Payments of some statuses, in no order.
    func list(in statuses: [PaymentStatus], limit: Int, in tx: any ReadTransaction) throws -> [Payment] {
        try tx.all(
            """
            SELECT id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account,
                   reference, execution_date, standing_order_id, hold_id, status, reason, created_at, changed_at, settles_at, idempotency_key, scenario
            FROM payment
            WHERE status IN \(list: statuses)
            LIMIT \(limit)
            """
        ).map(Payment.init)
    }

    /// Payments of a status whose next step is due, the most overdue first.
    func due(_ status: PaymentStatus, at now: Timestamp, limit: Int, in tx: any ReadTransaction) throws -> [Payment] {
        try tx.all(
            """
            SELECT id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account,
                   reference, execution_date, standing_order_id, hold_id, status, reason, created_at, changed_at, settles_at, idempotency_key, scenario
            FROM payment
            WHERE status = \(status) AND settles_at <= \(now)
            ORDER BY settles_at, id
            LIMIT \(limit)
            """
        ).map(Payment.init)
    }

    /// The same of a status that passes within seconds.
    /// - Parameter ahead: what came to its status after this did so before the clock was set back: its step is due, however late it is planned.
    func due(_ status: PaymentStatus, at now: Timestamp, ahead: Timestamp, limit: Int, in tx: any ReadTransaction) throws -> [Payment] {
        try tx.all(
            """
            SELECT id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account,
                   reference, execution_date, standing_order_id, hold_id, status, reason, created_at, changed_at, settles_at, idempotency_key, scenario
            FROM payment
            WHERE status = \(status) AND (settles_at <= \(now) OR (settles_at > \(ahead) AND changed_at > \(ahead)))
            ORDER BY settles_at, id
            LIMIT \(limit)
            """
        ).map(Payment.init)
    }

    /// Held payments at which their scenario has the staff look now, the most overdue first.
    func looks(at now: Timestamp, limit: Int, in tx: any ReadTransaction) throws -> [Payment] {
        let ahead = now + PaymentBooks.patience
        return try tx.all(
            """
            SELECT id, kind, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account,
                   reference, execution_date, standing_order_id, hold_id, status, reason, created_at, changed_at, settles_at, idempotency_key, scenario
            FROM payment
            WHERE status = \(PaymentStatus.held) AND scenario IN \(list: Self.looked)
                AND (settles_at <= \(now) OR (settles_at > \(ahead) AND changed_at > \(ahead)))
            ORDER BY settles_at, id
            LIMIT \(limit)
            """
        ).map(Payment.init)
    }

    private static let looked = PaymentScenario.all.filter { $0.look != nil }.map(\.name)

    /// Whether there is a payment to settle, one that was never decided, or one that a scenario has looked at.
    public func isAnythingDue(at now: Timestamp, in tx: any ReadTransaction) throws -> Bool {
        let ahead = now + PaymentBooks.patience
        return try tx.first(
            """
            SELECT id
            FROM payment
            WHERE (status = \(PaymentStatus.accepted) AND settles_at <= \(now))
                OR (status = \(PaymentStatus.received) AND settles_at <= \(now - PaymentBooks.patience))
                OR (status IN \(list: [PaymentStatus.accepted, .received]) AND settles_at > \(ahead) AND changed_at > \(ahead))
                OR (status = \(PaymentStatus.held) AND scenario IN \(list: Self.looked)
                    AND (settles_at <= \(now) OR (settles_at > \(ahead) AND changed_at > \(ahead))))
            LIMIT 1
            """) != nil
    }

    /// Every status it has had, the oldest first.
    public func timeline(of id: PaymentID, in tx: any ReadTransaction) throws -> [PaymentStep] {
        try timelines(of: [id], in: tx)[id] ?? []
    }

    /// The same of several, in one statement.
    public func timelines(of ids: [PaymentID], in tx: any ReadTransaction) throws -> [PaymentID: [PaymentStep]] {
        guard !ids.isEmpty else { return [:] }
        let rows = try tx.all(
            "SELECT payment_id, status, actor, reason, occurred_at FROM payment_event WHERE payment_id IN \(list: ids) ORDER BY id")
        return try Dictionary(grouping: rows) { row -> PaymentID in try row["payment_id"] }.mapValues { rows in
            try rows.map { PaymentStep(status: try $0["status"], actor: try $0["actor"], reason: try $0["reason"], at: try $0["occurred_at"]) }
        }
    }

    private func note(_ payment: Payment, by actor: PaymentActor, in tx: any WriteTransaction) throws {
        try tx.execute(
            """
            INSERT INTO payment_event (payment_id, status, actor, reason, occurred_at)
            VALUES (\(payment.id), \(payment.status), \(actor), \(payment.reason), \(payment.changedAt))
            """)
    }
}

extension Payment {
    fileprivate init(_ row: Row) throws {
        let day: String? = try row["execution_date"]
        self.init(
            id: try row["id"], kind: try row["kind"], appID: try row["app_id"], organisationID: try row["organisation_id"], consentID: try row["consent_id"],
            personID: try row["person_id"], world: try row["world"], debtorAccount: try row["debtor_account_id"],
            instruction: PaymentInstruction(
                stored: Money(minorUnits: try row["amount"], currency: try row["currency"]),
                creditor: Creditor(name: try row["creditor_name"], account: try row["creditor_account"]), reference: try row["reference"]),
            executionDate: day.flatMap { CivilDate($0) }, standingOrderID: try row["standing_order_id"], holdID: try row["hold_id"], status: try row["status"],
            reason: try row["reason"], createdAt: try row["created_at"],
            changedAt: try row["changed_at"], settlesAt: try row["settles_at"], idempotencyKey: try row["idempotency_key"],
            scenario: try (row["scenario"] as String?).flatMap(PaymentScenario.named))
    }
}
