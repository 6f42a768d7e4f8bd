package import Storage

/// The steps of this room's schema.
package enum AuthorizationServerMigrations {
    package static let all: [Migration] = [
        Migration(
            "authorization_server.0001_codes",
            """
            CREATE TABLE authorization_answer (
                authorization_id TEXT PRIMARY KEY,
                answer TEXT NOT NULL,
                answered_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL
            );
            CREATE INDEX authorization_answer_by_expiry ON authorization_answer (expires_at);
            CREATE TABLE authorization_code (
                digest TEXT PRIMARY KEY,
                authorization_id TEXT NOT NULL UNIQUE,
                grant_id TEXT NOT NULL,
                client_id TEXT NOT NULL,
                redirect_uri TEXT NOT NULL,
                code_challenge TEXT NOT NULL,
                nonce TEXT,
                methods TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                consumed_at BIGINT
            );
            CREATE INDEX authorization_code_by_expiry ON authorization_code (expires_at);
            """)
    ]
}
