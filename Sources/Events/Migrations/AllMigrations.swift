package import Storage

/// The audit log's tables.
package enum EventsMigrations {
    package static let all: [Migration] = [
        Migration(
            "events.0001_audit_log",
            """
            CREATE TABLE audit_log (
                id AUTO_ID,
                actor TEXT NOT NULL,
                action TEXT NOT NULL,
                subject TEXT NOT NULL,
                before_values TEXT NOT NULL,
                after_values TEXT NOT NULL,
                request_id TEXT,
                occurred_at BIGINT NOT NULL
            );
            CREATE INDEX audit_log_by_actor ON audit_log (actor, id);
            CREATE INDEX audit_log_by_action ON audit_log (action, id);
            CREATE INDEX audit_log_by_subject ON audit_log (subject, id);
            """)
    ]
}
