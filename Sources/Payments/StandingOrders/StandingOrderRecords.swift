import OpenBanking
public import Primitives
public import Storage

/// The standing orders' rows.
public struct StandingOrderRecords: Sendable {
    public init() {}

    func insert(_ order: StandingOrder, in tx: any WriteTransaction) throws {
        try tx.execute(
            """
            INSERT INTO standing_order (id, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name,
                                        creditor_account, reference, frequency, first_date, last_date, status, made, due_at, created_at, idempotency_key)
            VALUES (\(order.id), \(order.appID), \(order.organisationID), \(order.consentID), \(order.personID), \(order.world), \(order.debtorAccount),
                    \(order.instruction.amount.minorUnits), \(order.instruction.amount.currency), \(order.instruction.creditor.name),
                    \(order.instruction.creditor.account), \(order.instruction.reference), \(order.plan.frequency), \(order.plan.firstDate.description),
                    \(order.plan.lastDate?.description), \(order.status), \(order.made), \(order.dueAt), \(order.createdAt), \(order.idempotencyKey))
            """)
    }

    /// Moves an order from where it stands: one conditional write.
    /// - Returns: whether it was won; another writer may have paid or ended it before.
    func move(_ order: StandingOrder, to after: StandingOrder, in tx: any WriteTransaction) throws -> Bool {
        try tx.execute(
            """
            UPDATE standing_order
            SET status = \(after.status), made = \(after.made), due_at = \(after.dueAt), ended_at = \(after.endedAt), ended_by = \(after.endedBy)
            WHERE id = \(order.id) AND status = \(order.status) AND made = \(order.made)
            """) == 1
    }

    public func find(_ id: StandingOrderID, in tx: any ReadTransaction) throws -> StandingOrder? {
        try tx.first(
            """
            SELECT id, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account, reference,
                   frequency, first_date, last_date, status, made, created_at, ended_at, ended_by, idempotency_key
            FROM standing_order
            WHERE id = \(id)
            """
        ).map(StandingOrder.init)
    }

    func find(of consent: ConsentID, in tx: any ReadTransaction) throws -> StandingOrder? {
        try tx.first(
            """
            SELECT id, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account, reference,
                   frequency, first_date, last_date, status, made, created_at, ended_at, ended_by, idempotency_key
            FROM standing_order
            WHERE consent_id = \(consent)
            """
        ).map(StandingOrder.init)
    }

    /// An app's standing orders, the newest first, page by page.
    /// - Parameter before: the last one of the page before.
    public func list(ofApp appID: AppID, before: StandingOrderID? = nil, limit: Int, in tx: any ReadTransaction) throws -> [StandingOrder] {
        try tx.all(
            """
            SELECT id, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account, reference,
                   frequency, first_date, last_date, status, made, created_at, ended_at, ended_by, idempotency_key
            FROM standing_order
            WHERE app_id = \(appID) AND (\(before) IS NULL OR id < \(before))
            ORDER BY id DESC
            LIMIT \(limit)
            """
        ).map(StandingOrder.init)
    }

    /// A customer's standing orders that still pay, the newest first: all of them.
    public func active(of personID: PersonID, in tx: any ReadTransaction) throws -> [StandingOrder] {
        try tx.all(
            """
            SELECT id, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account, reference,
                   frequency, first_date, last_date, status, made, created_at, ended_at, ended_by, idempotency_key
            FROM standing_order
            WHERE person_id = \(personID) AND status = \(StandingOrderStatus.active)
            ORDER BY id DESC
            """
        ).map(StandingOrder.init)
    }

    /// Those that pay no more, the newest first, page by page.
    /// - Parameter before: the last one of the page before.
    public func ended(of personID: PersonID, before: StandingOrderID? = nil, limit: Int, in tx: any ReadTransaction) throws -> [StandingOrder] {
        try tx.all(
            """
            SELECT id, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account, reference,
                   frequency, first_date, last_date, status, made, created_at, ended_at, ended_by, idempotency_key
            FROM standing_order
            WHERE person_id = \(personID) AND (\(before) IS NULL OR id < \(before)) AND status <> \(StandingOrderStatus.active)
            ORDER BY id DESC
            LIMIT \(limit)
            """
        ).map(StandingOrder.init)
    }

    /// Those that have a payment to make, the most overdue first.
    func due(at now: Timestamp, limit: Int, in tx: any ReadTransaction) throws -> [StandingOrder] {
        try tx.all(
            """
            SELECT id, app_id, organisation_id, consent_id, person_id, world, debtor_account_id, amount, currency, creditor_name, creditor_account, reference,
                   frequency, first_date, last_date, status, made, created_at, ended_at, ended_by, idempotency_key
            FROM standing_order
            WHERE due_at <= \(now)
            ORDER BY due_at, id
            LIMIT \(limit)
            """
        ).map(StandingOrder.init)
    }

    public func isAnythingDue(at now: Timestamp, in tx: any ReadTransaction) throws -> Bool {
        try tx.first("SELECT id FROM standing_order WHERE due_at <= \(now) LIMIT 1") != nil
    }
}

extension StandingOrder {
    fileprivate init(_ row: Row) throws {
        let first: String = try row["first_date"]
        let last: String? = try row["last_date"]
        guard let first = CivilDate(first),
            let plan = StandingOrderPlan(frequency: try row["frequency"], firstDate: first, lastDate: last.flatMap { CivilDate($0) })
        else { throw StorageError.unexpectedValue(column: "first_date") }
        self.init(
            id: try row["id"], appID: try row["app_id"], organisationID: try row["organisation_id"], consentID: try row["consent_id"],
            personID: try row["person_id"], world: try row["world"], debtorAccount: try row["debtor_account_id"],
            instruction: PaymentInstruction(
                stored: Money(minorUnits: try row["amount"], currency: try row["currency"]),
                creditor: Creditor(name: try row["creditor_name"], account: try row["creditor_account"]), reference: try row["reference"]),
            plan: plan, status: try row["status"], made: try row["made"], createdAt: try row["created_at"], endedAt: try row["ended_at"],
            endedBy: try row["ended_by"], idempotencyKey: try row["idempotency_key"])
    }
}
