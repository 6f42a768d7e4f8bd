public import Primitives
public import Storage

/// What a customer finds of what they decided.
extension Consents {
    /// What they allowed and has not ended, the newest first: all of it, since what they do not find, they cannot stop.
    public func inForce(of personID: PersonID, in tx: any ReadTransaction) throws -> [Consent] {
        // The statuses stand in the text: an index of some rows serves who asks for no others.
        try consents(
            tx.all(
                """
                SELECT \(columnsOf: Consent.self)
                FROM consent
                WHERE person_id = \(personID) AND status IN ('authorised', 'suspended')
                ORDER BY created_at DESC, id DESC
                """), in: tx)
    }

    /// What has ended, the last that ended first, page by page.
    /// - Parameter before: the last consent of the page before.
    public func ended(of personID: PersonID, before: Consent? = nil, limit: Int, in tx: any ReadTransaction) throws -> [Consent] {
        let endedAt = before?.statusChangedAt ?? .distantFuture
        return try consents(
            tx.all(
                """
                SELECT \(columnsOf: Consent.self)
                FROM consent
                WHERE person_id = \(personID) AND status IN ('rejected', 'revoked', 'expired', 'consumed')
                    AND status_changed_at <= \(endedAt) AND (status_changed_at < \(endedAt) OR \(before?.id) IS NULL OR id < \(before?.id))
                ORDER BY status_changed_at DESC, id DESC
                LIMIT \(limit)
                """), in: tx)
    }
}
