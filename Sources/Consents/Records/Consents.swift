package import Events
package import OpenBanking
package import Primitives
package import Storage

/// The consents and their history. Every change of status is one conditional write, a line of history, an audit entry and an announcement,
/// together in the caller's transaction.
package struct Consents: Sendable {
    private let randomness: any RandomSource
    let audit = AuditLog()

    package init(randomness: any RandomSource = SystemRandom()) { self.randomness = randomness }

    // MARK: Reading

    /// One statement brings the accounts along: this is what a cache reads behind a miss.
    package func find(_ id: ConsentID, in tx: any ReadTransaction) throws -> Consent? {
        let rows = try tx.all(
            """
            SELECT id, app_id, organisation_id, person_id, type, permissions, transactions_from, transactions_to, created_at, expires_at,
                   status, status_actor, status_reason, status_changed_at, grant_id, consent_account.account_id
            FROM consent
            LEFT JOIN consent_account ON consent_account.consent_id = consent.id
            WHERE consent.id = \(id)
            ORDER BY consent_account.account_id
            """)
        return try rows.first.map { try Consent($0, accounts: rows.compactMap { try $0["account_id"] as AccountID? }) }
    }

    /// A customer's connections, the newest first.
    package func list(ofPerson personID: PersonID, in tx: any ReadTransaction) throws -> [Consent] {
        try consents(
            tx.all(
                """
                SELECT id, app_id, organisation_id, person_id, type, permissions, transactions_from, transactions_to, created_at, expires_at,
                       status, status_actor, status_reason, status_changed_at, grant_id
                FROM consent
                WHERE person_id = \(personID)
                ORDER BY created_at DESC, id DESC
                LIMIT 500
                """), in: tx)
    }

    /// An app's consents, the newest first, page by page.
    /// - Parameter before: the last consent of the page before.
    package func list(ofApp appID: AppID, before: Consent? = nil, limit: Int = 100, in tx: any ReadTransaction) throws -> [Consent] {
        let createdAt = before?.createdAt ?? .distantFuture
        return try consents(
            tx.all(
                """
                SELECT id, app_id, organisation_id, person_id, type, permissions, transactions_from, transactions_to, created_at, expires_at,
                       status, status_actor, status_reason, status_changed_at, grant_id
                FROM consent
                WHERE app_id = \(appID) AND created_at <= \(createdAt) AND (created_at < \(createdAt) OR \(before?.id) IS NULL OR id < \(before?.id))
                ORDER BY created_at DESC, id DESC
                LIMIT \(limit)
                """), in: tx)
    }

    /// Every status the consent has had, the oldest first.
    package func history(of id: ConsentID, in tx: any ReadTransaction) throws -> [ConsentHistoryEntry] {
        try tx.all("SELECT status, actor, reason, request_id, occurred_at FROM consent_event WHERE consent_id = \(id) ORDER BY id").map {
            ConsentHistoryEntry(
                status: try $0["status"], actor: try $0["actor"], reason: try $0["reason"], requestID: try $0["request_id"], at: try $0["occurred_at"])
        }
    }

    // MARK: Changing

    /// Lodges a consent that waits for its customer.
    package func lodge(_ new: NewConsent, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws -> Consent {
        let consent = Consent(
            id: .random(from: randomness), appID: new.appID, organisationID: new.organisationID, personID: nil, type: new.type,
            permissions: new.permissions, transactionsFrom: new.window.from?.wholeSeconds, transactionsTo: new.window.to?.wholeSeconds,
            createdAt: now.wholeSeconds, expiresAt: new.expiresAt.wholeSeconds, storedStatus: .awaitingAuthorisation, statusActor: .partner,
            statusReason: ConsentReason.lodged, statusChangedAt: now.wholeSeconds, accounts: [], grantID: nil)
        try tx.execute(
            """
            INSERT INTO consent (id, app_id, organisation_id, type, permissions, transactions_from, transactions_to, created_at, expires_at,
                                 status, status_actor, status_reason, status_changed_at)
            VALUES (\(consent.id), \(consent.appID), \(consent.organisationID), \(consent.type), \(consent.permissions.text),
                    \(consent.transactionsFrom), \(consent.transactionsTo), \(consent.createdAt), \(consent.expiresAt),
                    \(consent.storedStatus), \(consent.statusActor), \(consent.statusReason), \(consent.statusChangedAt))
            """)
        try record(consent, action: .consentLodged, from: nil, by: actor, requestID: requestID, in: tx)
        return consent
    }

    /// The customer approves, with the accounts of their choice, or confirms what they approved before.
    /// - Returns: `nil` when another state won: it was decided, revoked or has expired, or somebody else approved it before.
    package func authorise(
        _ id: ConsentID, by person: PersonID, accounts: [AccountID], grant: GrantID, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Consent? {
        guard let before = try find(id, in: tx), before.waits(for: person, at: now) else { return nil }
        let event = before.waitsForConfirmation ? ConsentEvent.confirm : .authorise
        let decision = Decision(event: event, actor: .customer, reason: ConsentReason.approved, personID: person, grantID: grant, accounts: accounts)
        return try apply(decision, to: id, by: .person(person), at: now, requestID: requestID, in: tx)
    }

    /// The customer declines.
    /// - Returns: `nil` when another state won.
    package func reject(_ id: ConsentID, by person: PersonID?, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws -> Consent? {
        guard let before = try find(id, in: tx), before.waits(for: person, at: now) else { return nil }
        // What was approved before can only be withdrawn.
        let event = before.waitsForConfirmation ? ConsentEvent.revoke : .reject
        let decision = Decision(event: event, actor: .customer, reason: ConsentReason.declined, personID: person)
        return try apply(decision, to: id, by: person.map(Actor.person) ?? .system, at: now, requestID: requestID, in: tx)
    }

    /// Ends a consent, before or after its authorisation.
    /// - Returns: `nil` when it has ended already.
    package func revoke(
        _ id: ConsentID, by actor: ConsentActor, audit: Actor, reason: String, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Consent? {
        try apply(Decision(event: .revoke, actor: actor, reason: reason), to: id, by: audit, at: now, requestID: requestID, in: tx)
    }

    /// Stamps consents whose time is over, and lodged ones that nobody authorised within a day. The clock has already ended them for every reader;
    /// the stamp gives them their line of history.
    /// - Returns: how many were stamped, at most `limit`.
    package func expireDue(at now: Timestamp, limit: Int = 200, in tx: any WriteTransaction) throws -> Int {
        let due = try tx.all(
            """
            SELECT id FROM consent
            WHERE status IN \(list: ConsentStatus.leaving(on: .expire))
                AND (expires_at <= \(now) OR (status = \(ConsentStatus.awaitingAuthorisation) AND created_at <= \(now - ConsentTerm.unauthorised)))
            ORDER BY id
            LIMIT \(limit)
            """)
        return try due.count { row in
            let id: ConsentID = try row["id"]
            guard let standing = try find(id, in: tx)?.standing(at: now), standing.status == .expired else { return false }
            let decision = Decision(event: .expire, actor: .system, reason: standing.reason)
            return try apply(decision, to: id, by: .system, at: now, requestID: nil, in: tx) != nil
        }
    }

    // MARK: The one conditional write

    private struct Decision {
        let event: ConsentEvent
        let actor: ConsentActor
        let reason: String
        var personID: PersonID?
        var grantID: GrantID?
        var accounts: [AccountID] = []
    }

    private func apply(
        _ decision: Decision, to id: ConsentID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Consent? {
        // Another writer may move the status between the look and the write; the look is then repeated.
        for _ in 0..<4 {
            guard let before = try find(id, in: tx) else { return nil }
            // The clock ends a consent for everyone but the job that stamps the end.
            let standing = decision.event == .expire ? before.storedStatus : before.status(at: now)
            guard case .moves(let status) = standing.transition(on: decision.event, by: decision.actor) else { return nil }
            let won = try tx.execute(
                """
                UPDATE consent
                SET status = \(status), status_actor = \(decision.actor), status_reason = \(decision.reason), status_changed_at = \(now),
                    person_id = COALESCE(\(decision.personID), person_id), grant_id = COALESCE(\(decision.grantID), grant_id)
                WHERE id = \(id) AND status = \(before.storedStatus)
                """)
            guard won == 1 else { continue }
            // A confirmation may choose other accounts than the first approval.
            if decision.event == .confirm { try tx.execute("DELETE FROM consent_account WHERE consent_id = \(id)") }
            for account in decision.accounts {
                try tx.execute("INSERT INTO consent_account (consent_id, account_id) VALUES (\(id), \(account)) ON CONFLICT DO NOTHING")
            }
            guard let after = try find(id, in: tx) else { return nil }
            try record(after, action: decision.event.auditAction, from: before.storedStatus, by: actor, requestID: requestID, in: tx)
            return after
        }
        return nil
    }

    private func record(
        _ consent: Consent, action: AuditAction, from before: ConsentStatus?, by actor: Actor, requestID: RequestID?, in tx: any WriteTransaction
    ) throws {
        let at = consent.statusChangedAt
        try tx.execute(
            """
            INSERT INTO consent_event (consent_id, status, actor, reason, request_id, occurred_at)
            VALUES (\(consent.id), \(consent.storedStatus), \(consent.statusActor), \(consent.statusReason), \(requestID), \(at))
            """)
        try audit.append(
            AuditEntry(
                actor: actor, action: action, subject: consent.id.rawValue,
                before: before.map { ["status": $0.rawValue] } ?? [:],
                after: ["status": consent.storedStatus.rawValue, "app": consent.appID.rawValue, "reason": consent.statusReason],
                requestID: requestID, at: at),
            in: tx)
        try tx.announce(.consent, consent.id.rawValue, at: at)
    }

    private func consents(_ rows: [Row], in tx: any ReadTransaction) throws -> [Consent] {
        let accounts = try accounts(of: rows.map { try $0["id"] }, in: tx)
        return try rows.map { try Consent($0, accounts: accounts[$0["id"]] ?? []) }
    }

    private func accounts(of ids: [ConsentID], in tx: any ReadTransaction) throws -> [ConsentID: [AccountID]] {
        guard !ids.isEmpty else { return [:] }
        let rows = try tx.all("SELECT consent_id, account_id FROM consent_account WHERE consent_id IN \(list: ids) ORDER BY consent_id, account_id")
        return try Dictionary(grouping: rows) { try $0["consent_id"] }.mapValues { try $0.map { try $0["account_id"] } }
    }
}

extension ConsentEvent {
    var auditAction: AuditAction {
        switch self {
        case .authorise: .consentAuthorised
        case .reject: .consentRejected
        case .revoke: .consentRevoked
        case .expire: .consentExpired
        case .consume: .consentConsumed
        case .suspend: .consentSuspended
        case .resume: .consentResumed
        case .confirm: .consentConfirmed
        }
    }
}

extension Consent {
    fileprivate init(_ row: Row, accounts: [AccountID]) throws {
        let permissions: String = try row["permissions"]
        guard let permissions = PermissionSet(stored: permissions) else { throw StorageError.unexpectedValue(column: "permissions") }
        self.init(
            id: try row["id"], appID: try row["app_id"], organisationID: try row["organisation_id"], personID: try row["person_id"],
            type: try row["type"], permissions: permissions, transactionsFrom: try row["transactions_from"],
            transactionsTo: try row["transactions_to"], createdAt: try row["created_at"], expiresAt: try row["expires_at"],
            storedStatus: try row["status"], statusActor: try row["status_actor"], statusReason: try row["status_reason"],
            statusChangedAt: try row["status_changed_at"], accounts: accounts, grantID: try row["grant_id"])
    }
}

extension Timestamp {
    /// As a column keeps it.
    fileprivate var wholeSeconds: Timestamp { Timestamp(seconds: seconds) }
}
