public import Events
public import OpenBanking
public import Primitives
public import Storage

/// The consents and their history. Every change of status is one conditional write, a line of history, an audit entry and an announcement,
/// together in the caller's transaction.
public struct Consents: Sendable {
    private let randomness: any RandomSource
    let audit = AuditLog()

    public init(randomness: any RandomSource = SystemRandom()) { self.randomness = randomness }

    // MARK: Reading

    /// One statement brings the accounts along: this is what a cache reads behind a miss.
    public func find(_ id: ConsentID, in tx: any ReadTransaction) throws -> Consent? {
        let rows = try tx.all(
            """
            SELECT \(columnsOf: Consent.self), consent_account.account_id
            FROM consent
            LEFT JOIN consent_account ON consent_account.consent_id = consent.id
            WHERE consent.id = \(id)
            ORDER BY consent_account.account_id
            """)
        return try rows.first.map { try Consent($0, accounts: rows.compactMap { try $0["account_id"] as AccountID? }) }
    }

    /// Where a consent stands, without what it covers.
    public func status(of id: ConsentID, at now: Timestamp, in tx: any ReadTransaction) throws -> ConsentStatus? {
        let row = try tx.first(
            """
            SELECT created_at, expires_at, status, status_actor, status_reason, status_changed_at
            FROM consent
            WHERE id = \(id)
            """)
        return try row.map { row in
            try ConsentStanding(row).standing(at: now, lodgedAt: row["created_at"], expiresAt: row["expires_at"]).status
        }
    }

    /// An app's consents, the newest first, page by page.
    /// - Parameter before: the last consent of the page before.
    public func list(ofApp appID: AppID, before: Consent? = nil, limit: Int = 100, in tx: any ReadTransaction) throws -> [Consent] {
        let createdAt = before?.createdAt ?? .distantFuture
        return try consents(
            tx.all(
                """
                SELECT \(columnsOf: Consent.self)
                FROM consent
                WHERE app_id = \(appID) AND created_at <= \(createdAt) AND (created_at < \(createdAt) OR \(before?.id) IS NULL OR id < \(before?.id))
                ORDER BY created_at DESC, id DESC
                LIMIT \(limit)
                """), in: tx)
    }

    /// Every status the consent has had, the oldest first.
    public func history(of id: ConsentID, in tx: any ReadTransaction) throws -> [ConsentHistoryEntry] {
        try histories(of: [id], in: tx)[id] ?? []
    }

    /// The same of several, in one statement.
    public func histories(of ids: [ConsentID], in tx: any ReadTransaction) throws -> [ConsentID: [ConsentHistoryEntry]] {
        let rows = try tx.all(
            """
            SELECT consent_id, status, actor, reason, request_id, occurred_at
            FROM consent_event
            WHERE consent_id IN \(list: ids)
            ORDER BY id
            """)
        return try Dictionary(grouping: rows) { row -> ConsentID in try row["consent_id"] }.mapValues { rows in
            try rows.map {
                ConsentHistoryEntry(
                    status: try $0["status"], actor: try $0["actor"], reason: try $0["reason"], requestID: try $0["request_id"], at: try $0["occurred_at"])
            }
        }
    }

    // MARK: Changing

    /// Lodges a consent that waits for its customer.
    public func lodge(_ new: NewConsent, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws -> Consent {
        let lodged = Consent(lodging: new, as: ConsentID(at: now, from: randomness), at: now)
        try insert(lodged, in: tx)
        try record([Step(to: lodged, action: .consentLodged, by: actor)], requestID: requestID, in: tx)
        return lodged
    }

    /// Lodges a consent and has it authorised by the customer who decides right now: two lines of its history, and one row. They are
    /// late rows, which the transaction itself does not read.
    public func lodgeAuthorised(
        _ new: NewConsent, by person: PersonID, as decider: ConsentDecider = .themselves, accounts: [AccountID], grant: GrantID, at now: Timestamp,
        requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Consent {
        let lodged = Consent(lodging: new, as: ConsentID(at: now, from: randomness), at: now)
        let authorised = lodged.after(
            ConsentDecision(event: .authorise, actor: .customer, reason: decider.approved, personID: person, grantID: grant, accounts: accounts),
            status: .authorised, at: now)
        try insert(authorised, late: true, in: tx)
        try keep(authorised.accounts, of: authorised.id, late: true, in: tx)
        // Nobody can have heard of it yet, so there is nothing to announce.
        try record(
            [
                Step(to: lodged, action: .consentLodged, by: .app(new.appID)),
                Step(from: lodged.storedStatus, to: authorised, action: .consentAuthorised, by: decider.actor(person)),
            ], late: true, requestID: requestID, in: tx)
        return authorised
    }

    /// The customer approves, with the accounts of their choice, or confirms what they approved before.
    /// - Returns: `nil` when another state won: it was decided, revoked or has expired, or somebody else approved it before.
    public func authorise(
        _ id: ConsentID, by person: PersonID, as decider: ConsentDecider = .themselves, accounts: [AccountID], grant: GrantID, at now: Timestamp,
        requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Consent? {
        guard let before = try find(id, in: tx), before.waits(for: person, at: now) else { return nil }
        let event = before.waitsForConfirmation ? ConsentEvent.confirm : .authorise
        let decision = ConsentDecision(event: event, actor: .customer, reason: decider.approved, personID: person, grantID: grant, accounts: accounts)
        return try apply(decision, to: before, by: decider.actor(person), at: now, requestID: requestID, in: tx)
    }

    /// The customer declines.
    /// - Returns: `nil` when another state won.
    public func reject(
        _ id: ConsentID, by person: PersonID?, as decider: ConsentDecider = .themselves, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Consent? {
        guard let before = try find(id, in: tx), before.waits(for: person, at: now) else { return nil }
        // What was approved before can only be withdrawn.
        let event = before.waitsForConfirmation ? ConsentEvent.revoke : .reject
        let decision = ConsentDecision(event: event, actor: .customer, reason: decider.declined, personID: person)
        return try apply(decision, to: before, by: person.map(decider.actor) ?? .system, at: now, requestID: requestID, in: tx)
    }

    /// Ends a consent, before or after its authorisation.
    /// - Returns: `nil` when it has ended already.
    public func revoke(
        _ id: ConsentID, by actor: ConsentActor, audit: Actor, reason: String, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Consent? {
        guard let before = try find(id, in: tx) else { return nil }
        return try apply(ConsentDecision(event: .revoke, actor: actor, reason: reason), to: before, by: audit, at: now, requestID: requestID, in: tx)
    }

    /// Uses up a payment consent: its one payment is made.
    /// - Returns: `nil` when another state won: it was used before, revoked or has expired.
    public func consume(_ consent: Consent, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws -> Consent? {
        let decision = ConsentDecision(event: .consume, actor: .system, reason: ConsentReason.used)
        return try apply(decision, to: consent, by: .app(consent.appID), at: now, requestID: requestID, in: tx)
    }

    /// Keeps a consent as it is until the transaction ends: who counts what was paid under it does so one after the other.
    /// - Returns: the status that it is kept at; `nil` when there is no such consent.
    public func lock(_ id: ConsentID, in tx: any WriteTransaction) throws -> ConsentStatus? {
        // An update that changes nothing is the row lock that both engines know.
        try tx.first("UPDATE consent SET status = status WHERE id = \(id) RETURNING status")?["status"]
    }

    /// Stamps consents whose time is over, and lodged ones that nobody authorised within a day. The clock has already ended them for every reader;
    /// the stamp gives them their line of history.
    /// - Returns: how many were stamped, at most `limit`.
    public func expireDue(at now: Timestamp, limit: Int = 200, in tx: any WriteTransaction) throws -> Int {
        // The status stands in the text: an index of some rows serves who asks for no others.
        let due = try tx.all(
            """
            SELECT id FROM consent
            WHERE status IN \(list: ConsentStatus.leaving(on: .expire))
                AND (expires_at <= \(now) OR (status = 'awaiting_authorisation' AND created_at <= \(now - ConsentTerm.unauthorised)))
            ORDER BY id
            LIMIT \(limit)
            """)
        return try due.count { row in
            let id: ConsentID = try row["id"]
            guard let consent = try find(id, in: tx), case let standing = consent.standing(at: now), standing.status == .expired else { return false }
            let decision = ConsentDecision(event: .expire, actor: .system, reason: standing.reason)
            return try apply(decision, to: consent, by: .system, at: now, requestID: nil, in: tx) != nil
        }
    }

    // MARK: The one conditional write

    private func apply(
        _ decision: ConsentDecision, to consent: Consent, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Consent? {
        var before = consent
        // Another writer may move the status between the look and the write; the look is then repeated.
        for _ in 0..<4 {
            // The clock ends a consent for everyone but the job that stamps the end.
            let standing = decision.event == .expire ? before.storedStatus : before.status(at: now)
            guard case .moves(let status) = standing.transition(on: decision.event, by: decision.actor) else { return nil }
            let won = try tx.execute(
                """
                UPDATE consent
                SET status = \(status), status_actor = \(decision.actor), status_reason = \(decision.reason), status_changed_at = \(now),
                    person_id = COALESCE(\(decision.personID), person_id), grant_id = COALESCE(\(decision.grantID), grant_id)
                WHERE id = \(before.id) AND status = \(before.storedStatus)
                """)
            guard won == 1 else {
                // What the job saw is over: it was authorised, or has ended. The job comes again, and judges that.
                guard decision.event != .expire else { return nil }
                guard let moved = try find(before.id, in: tx) else { return nil }
                before = moved
                continue
            }
            let after = before.after(decision, status: status, at: now)
            // A confirmation may choose other accounts than the first approval.
            if decision.event == .confirm { try tx.execute("DELETE FROM consent_account WHERE consent_id = \(after.id)") }
            if decision.choosesAccounts { try keep(after.accounts, of: after.id, in: tx) }
            try record([Step(from: before.storedStatus, to: after, action: decision.event.auditAction, by: actor)], requestID: requestID, in: tx)
            try tx.announce(.consent, after.id.rawValue, at: now)
            return after
        }
        return nil
    }

    // MARK: Rows

    /// - Parameter late: at the end of the transaction, which does not read it then.
    private func insert(_ consent: Consent, late: Bool = false, in tx: any WriteTransaction) throws {
        let order = consent.payment.map { PaymentOrderRow($0.order) }
        let row = [
            consent.id.sqlValue, consent.appID.sqlValue, consent.organisationID.sqlValue, consent.personID.sqlValue, consent.type.sqlValue,
            consent.permissions.text.sqlValue, consent.transactionsFrom.sqlValue, consent.transactionsTo.sqlValue, consent.createdAt.sqlValue,
            consent.expiresAt.sqlValue, consent.storedStatus.sqlValue, consent.statusActor.sqlValue, consent.statusReason.sqlValue,
            consent.statusChangedAt.sqlValue, consent.grantID.sqlValue, (order?.amount.minorUnits).sqlValue, (order?.amount.currency).sqlValue,
            (order?.creditor?.name).sqlValue, (order?.creditor?.account).sqlValue, (order?.reference).sqlValue, (order?.details).sqlValue,
            (consent.payment?.debtorAccount).sqlValue,
        ]
        try tx.insert(
            [row], late: late, into: "consent",
            """
            id, app_id, organisation_id, person_id, type, permissions, transactions_from, transactions_to, created_at, expires_at, status, status_actor, \
            status_reason, status_changed_at, grant_id, amount, currency, creditor_name, creditor_account, reference, order_details, debtor_account_id
            """)
    }

    private func keep(_ accounts: [AccountID], of id: ConsentID, late: Bool = false, in tx: any WriteTransaction) throws {
        try tx.insert(accounts.map { [id.sqlValue, $0.sqlValue] }, late: late, into: "consent_account", "consent_id, account_id")
    }

    /// One change of a status, as the history and the audit log tell it.
    private struct Step {
        var from: ConsentStatus?
        let to: Consent
        let action: AuditAction
        let by: Actor
    }

    private func record(_ steps: [Step], late: Bool = false, requestID: RequestID?, in tx: any WriteTransaction) throws {
        let rows = steps.map { step in
            [
                step.to.id.sqlValue, step.to.storedStatus.sqlValue, step.to.statusActor.sqlValue, step.to.statusReason.sqlValue,
                requestID.sqlValue, step.to.statusChangedAt.sqlValue,
            ]
        }
        try tx.insert(rows, late: late, into: "consent_event", "consent_id, status, actor, reason, request_id, occurred_at")
        try audit.append(
            contentsOf: steps.map { step in
                AuditEntry(
                    actor: step.by, action: step.action, subject: step.to.id.rawValue, before: step.from.map { ["status": $0.rawValue] } ?? [:],
                    after: ["status": step.to.storedStatus.rawValue, "app": step.to.appID.rawValue, "reason": step.to.statusReason], requestID: requestID,
                    at: step.to.statusChangedAt)
            }, in: tx)
    }

    func consents(_ rows: [Row], in tx: any ReadTransaction) throws -> [Consent] {
        let accounts = try accounts(of: rows.map { try $0["id"] }, in: tx)
        return try rows.map { try Consent($0, accounts: accounts[$0["id"]] ?? []) }
    }

    private func accounts(of ids: [ConsentID], in tx: any ReadTransaction) throws -> [ConsentID: [AccountID]] {
        guard !ids.isEmpty else { return [:] }
        let rows = try tx.all("SELECT consent_id, account_id FROM consent_account WHERE consent_id IN \(list: ids) ORDER BY consent_id, account_id")
        return try Dictionary(grouping: rows) { try $0["consent_id"] }.mapValues { try $0.map { try $0["account_id"] } }
    }
}
