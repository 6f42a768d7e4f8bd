import Primitives
public import Storage
internal import Foundation
internal import JSON

/// The append-only record of who did what. There is no path that changes or removes a line, and the table itself refuses it.
public struct AuditLog: Sendable {
    public init() {}

    /// The entries of one transaction are written with one statement, at its end.
    public func append(_ entry: AuditEntry, in tx: any WriteTransaction) throws { try append(contentsOf: [entry], in: tx) }

    public func append(contentsOf entries: [AuditEntry], in tx: any WriteTransaction) throws {
        let rows = entries.map { entry in
            [
                entry.actor.text.sqlValue, entry.action.sqlValue, entry.subject.sqlValue, Self.encode(entry.before).sqlValue,
                Self.encode(entry.after).sqlValue, entry.requestID?.sqlValue ?? RequestID.sqlNull, entry.at.sqlValue,
            ]
        }
        try tx.insertLate(rows, into: "audit_log", "actor, action, subject, before_values, after_values, request_id, occurred_at")
    }

    /// What a reader of the log looks for; each part that is set narrows the list.
    public struct Filter: Hashable, Sendable {
        public var actor: Actor?
        public var action: AuditAction?
        public var subject: String?

        public init(actor: Actor? = nil, action: AuditAction? = nil, subject: String? = nil) {
            self.actor = actor
            self.action = action
            self.subject = subject
        }
    }

    /// The newest entries first.
    /// - Parameter before: the position of the last entry of the page before, `nil` for the newest.
    public func list(_ filter: Filter = Filter(), before: Int64? = nil, limit: Int, in tx: any ReadTransaction) throws -> [AuditEntry] {
        // Written out per leading column, so that each has its index.
        let before = before ?? Int64.max
        let rows =
            if let subject = filter.subject {
                try tx.all(
                    """
                    SELECT id, actor, action, subject, before_values, after_values, request_id, occurred_at
                    FROM audit_log
                    WHERE subject = \(subject) AND id < \(before)
                        AND (\(filter.actor?.text) IS NULL OR actor = \(filter.actor?.text))
                        AND (\(filter.action) IS NULL OR action = \(filter.action))
                    ORDER BY id DESC
                    LIMIT \(limit)
                    """)
            } else if let actor = filter.actor, let action = filter.action {
                // The system, the command line and a busy app have an entry for everything they ever did.
                try tx.all(
                    """
                    SELECT id, actor, action, subject, before_values, after_values, request_id, occurred_at
                    FROM audit_log
                    WHERE actor = \(actor.text) AND action = \(action) AND id < \(before)
                    ORDER BY id DESC
                    LIMIT \(limit)
                    """)
            } else if let actor = filter.actor {
                try newest(of: actor, before: before, limit: limit, in: tx)
            } else if let action = filter.action {
                try tx.all(
                    """
                    SELECT id, actor, action, subject, before_values, after_values, request_id, occurred_at
                    FROM audit_log
                    WHERE action = \(action) AND id < \(before)
                    ORDER BY id DESC
                    LIMIT \(limit)
                    """)
            } else {
                try tx.all(
                    """
                    SELECT id, actor, action, subject, before_values, after_values, request_id, occurred_at
                    FROM audit_log
                    WHERE id < \(before)
                    ORDER BY id DESC
                    LIMIT \(limit)
                    """)
            }
        return try rows.map(Self.entry)
    }

    /// An actor's entries lie in their index by action: the newest are among the newest of each.
    private func newest(of actor: Actor, before: Int64, limit: Int, in tx: any ReadTransaction) throws -> [Row] {
        let positions: [Int64] = try actions(of: actor, in: tx).flatMap { action in
            try tx.all(
                """
                SELECT id
                FROM audit_log
                WHERE actor = \(actor.text) AND action = \(action) AND id < \(before)
                ORDER BY id DESC
                LIMIT \(limit)
                """
            ).map { try $0["id"] }
        }
        return try tx.all(
            """
            SELECT id, actor, action, subject, before_values, after_values, request_id, occurred_at
            FROM audit_log
            WHERE id IN \(list: Array(positions.sorted(by: >).prefix(limit)))
            ORDER BY id DESC
            """)
    }

    /// What an actor has ever done, each found from the one before it.
    private func actions(of actor: Actor, in tx: any ReadTransaction) throws -> [String] {
        try tx.all(
            """
            WITH RECURSIVE done (action) AS (
                SELECT MIN(action) FROM audit_log WHERE actor = \(actor.text)
                UNION ALL
                SELECT (SELECT MIN(action) FROM audit_log WHERE actor = \(actor.text) AND action > done.action)
                FROM done
                WHERE done.action IS NOT NULL
            )
            SELECT action FROM done WHERE action IS NOT NULL
            """
        ).map { try $0["action"] }
    }

    private static func entry(_ row: Row) throws -> AuditEntry {
        let actor: String = try row["actor"]
        guard let actor = Actor(actor) else { throw StorageError.unexpectedValue(column: "actor") }
        let position: Int64 = try row["id"]
        return AuditEntry(
            position: position, actor: actor, action: try row["action"], subject: try row["subject"],
            before: decode(try row["before_values"]), after: decode(try row["after_values"]), requestID: try row["request_id"],
            at: try row["occurred_at"])
    }

    private static func encode(_ values: [String: String]) -> String {
        guard !values.isEmpty else { return "{}" }
        return JSONObject(values.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }).text
    }

    private static func decode(_ text: String) -> [String: String] {
        (try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))) ?? [:]
    }
}
