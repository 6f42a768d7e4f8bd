public import Events
import OpenBanking
public import Primitives
public import Storage

extension Consents {
    /// After the records were brought back from a backup: what was in force is paused until its customer confirms it, since they may have withdrawn it
    /// meanwhile; what waited for its customer ends, since they may have declined it, and the app lodges it again. A payment that was approved ends too: it may
    /// have been made meanwhile, and would be made twice. Many rows a statement: there may be millions.
    public func holdAfterRestoration(by actor: Actor, at now: Timestamp, in tx: any WriteTransaction) throws -> (paused: Int, ended: Int) {
        var counts = (paused: 0, ended: 0)
        try tx.walk {
            "SELECT id FROM consent WHERE id > \($0) ORDER BY id LIMIT 2000"
        } _: { rows in
            let ids: [ConsentID] = try rows.map { try $0["id"] }
            counts.paused += try move(ids, of: [.accountAccess], from: .authorised, on: .suspend, by: actor, at: now, in: tx)
            counts.ended += try move(ids, of: ConsentType.payments, from: .authorised, on: .revoke, by: actor, at: now, in: tx)
            counts.ended += try move(ids, of: ConsentType.allCases, from: .awaitingAuthorisation, on: .revoke, by: actor, at: now, in: tx)
        }
        return counts
    }

    /// What the clock has ended stays as it is: a job stamps it.
    private func move(
        _ ids: [ConsentID], of types: [ConsentType], from status: ConsentStatus, on event: ConsentEvent, by actor: Actor, at now: Timestamp,
        in tx: any WriteTransaction
    ) throws -> Int {
        guard case .moves(let target) = status.transition(on: event, by: .bank) else { return 0 }
        let lodgedAfter = status == .awaitingAuthorisation ? now - ConsentTerm.unauthorised : .epoch
        let moved = try tx.all(
            """
            UPDATE consent
            SET status = \(target), status_actor = \(ConsentActor.bank), status_reason = \(ConsentReason.restored), status_changed_at = \(now)
            WHERE id IN \(list: ids) AND type IN \(list: types) AND status = \(status) AND expires_at > \(now) AND created_at > \(lodgedAfter)
            RETURNING id, app_id
            """)
        guard !moved.isEmpty else { return 0 }
        let movedIDs: [ConsentID] = try moved.map { try $0["id"] }
        try tx.execute(
            """
            INSERT INTO consent_event (consent_id, status, actor, reason, occurred_at)
            SELECT id, status, status_actor, status_reason, status_changed_at
            FROM consent
            WHERE id IN \(list: movedIDs)
            """)
        try audit.append(
            contentsOf: moved.map { row in
                AuditEntry(
                    actor: actor, action: event.auditAction, subject: try row["id"], before: ["status": status.rawValue],
                    after: ["status": target.rawValue, "app": try row["app_id"], "reason": ConsentReason.restored], requestID: nil, at: now)
            }, in: tx)
        return moved.count
    }
}
