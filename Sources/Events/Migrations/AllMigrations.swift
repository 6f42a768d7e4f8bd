public import Storage

/// The audit log's tables.
public enum EventsMigrations {
    public static let all: [Migration] = [
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
            """),
        Migration("events.0003_audit_log_by_actor_and_action", "CREATE INDEX audit_log_by_actor_and_action ON audit_log (actor, action, id)"),
        // Each entry found its place in both; an actor's entries are found by way of their actions.
        Migration("events.0004_audit_log_by_actor_and_action_alone", "DROP INDEX audit_log_by_actor"),
    ]

    /// Makes the table itself refuse changes. Triggers are the one thing the engines spell too differently to share.
    public static func appendOnly(on engine: Engine) -> [Migration] {
        switch engine {
        case .sqlite:
            [
                Migration(
                    "events.0002_append_only",
                    """
                    CREATE TRIGGER audit_log_keeps_entries BEFORE DELETE ON audit_log
                    BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
                    CREATE TRIGGER audit_log_keeps_values BEFORE UPDATE ON audit_log
                    BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
                    """)
            ]
        case .postgres:
            [
                Migration(
                    "events.0002_append_only",
                    """
                    CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN RAISE EXCEPTION 'audit_log is append-only'; END $$;
                    CREATE TRIGGER audit_log_keeps_entries BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
                    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse();
                    """)
            ]
        }
    }
}
