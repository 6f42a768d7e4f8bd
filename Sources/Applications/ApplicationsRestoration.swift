package import Events
package import Primitives
package import Storage

/// What becomes of apps after the records were brought back from a backup, and how they come back into use.
package struct ApplicationsRestoration: Sendable {
    private let audit = AuditLog()

    package init() {}

    /// Every invitation that waits is withdrawn: it may have been accepted or withdrawn meanwhile.
    /// - Returns: how many.
    package func withdrawInvitations(at now: Timestamp, in tx: any WriteTransaction) throws -> Int {
        try tx.execute(
            "UPDATE invitation SET withdrawn_at = \(now) WHERE accepted_at IS NULL AND withdrawn_at IS NULL AND expires_at > \(now)")
    }

    /// Every app is held until somebody of its organisation, or the operator, confirms it: it may have been removed meanwhile, or one of its secrets.
    /// - Returns: how many.
    package func holdApps(by actor: Actor, at now: Timestamp, in tx: any WriteTransaction) throws -> Int {
        var count = 0
        try tx.walk {
            "SELECT id, removed_at, held_at FROM app WHERE id > \($0) ORDER BY id LIMIT 2000"
        } _: { row in
            let (id, removedAt, heldAt): (AppID, Timestamp?, Timestamp?) = (try row["id"], try row["removed_at"], try row["held_at"])
            guard removedAt == nil, heldAt == nil else { return }
            try tx.execute("UPDATE app SET held_at = \(now) WHERE id = \(id)")
            try tx.announce(.app, id.rawValue, at: now)
            try audit.append(AuditEntry(actor: actor, action: .appHeld, subject: id.rawValue, requestID: nil, at: now), in: tx)
            count += 1
        }
        return count
    }

    /// The app, its addresses and its secrets are as they should be.
    /// - Returns: `false` when it is not held.
    @discardableResult
    package func confirm(_ id: AppID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws -> Bool {
        guard try tx.execute("UPDATE app SET held_at = NULL WHERE id = \(id) AND held_at IS NOT NULL AND removed_at IS NULL") == 1 else { return false }
        try tx.announce(.app, id.rawValue, at: now)
        try audit.append(AuditEntry(actor: actor, action: .appConfirmed, subject: id.rawValue, requestID: requestID, at: now), in: tx)
        return true
    }

    /// The apps that wait for their confirmation.
    package func held(in tx: any ReadTransaction) throws -> [AppID] {
        try tx.all("SELECT id FROM app WHERE held_at IS NOT NULL AND removed_at IS NULL ORDER BY id").map { try $0["id"] }
    }
}
