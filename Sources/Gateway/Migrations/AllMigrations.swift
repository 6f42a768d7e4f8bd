public import Storage

/// The gateway's tables.
public enum GatewayMigrations {
    public static let all: [Migration] = [
        Migration(
            "gateway.0001_idempotency_keys",
            """
            CREATE TABLE idempotency_key (
                app_id TEXT NOT NULL,
                route TEXT NOT NULL,
                key TEXT NOT NULL,
                payload TEXT NOT NULL,
                claim_token TEXT NOT NULL,
                claimed_at BIGINT NOT NULL,
                status BIGINT,
                headers TEXT,
                body TEXT,
                PRIMARY KEY (app_id, route, key)
            );
            CREATE INDEX idempotency_key_by_age ON idempotency_key (claimed_at);
            """)
    ]
}
