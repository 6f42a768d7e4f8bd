public import Storage

/// The steps of this room's schema.
public enum AuthorizationServerMigrations {
    public static let all: [Migration] = [
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
            """),
        Migration("authorization_server.0002_bound_codes", "ALTER TABLE authorization_code ADD COLUMN dpop_jkt TEXT"),
        Migration(
            "authorization_server.0003_pushed_requests",
            """
            CREATE TABLE pushed_authorization_request (
                digest TEXT PRIMARY KEY,
                authorization_id TEXT NOT NULL,
                app_id TEXT NOT NULL,
                sealed_parameters TEXT NOT NULL,
                is_signed BOOLEAN NOT NULL,
                expires_at BIGINT NOT NULL
            );
            CREATE INDEX pushed_authorization_request_by_app ON pushed_authorization_request (app_id, expires_at);
            CREATE INDEX pushed_authorization_request_by_expiry ON pushed_authorization_request (expires_at);
            """),
        Migration(
            "authorization_server.0004_registration_limit",
            """
            CREATE TABLE registration_limit (
                key TEXT PRIMARY KEY,
                window_started_at BIGINT NOT NULL,
                registered BIGINT NOT NULL
            );
            CREATE INDEX registration_limit_by_window ON registration_limit (window_started_at);
            """),
        Migration(
            "authorization_server.0005_robot_wishes",
            """
            CREATE TABLE robot_wish (
                consent_id TEXT PRIMARY KEY,
                customer TEXT NOT NULL,
                decision TEXT NOT NULL,
                accounts TEXT NOT NULL,
                expires_at BIGINT NOT NULL
            );
            CREATE INDEX robot_wish_by_expiry ON robot_wish (expires_at);
            """),
        // Codes of the minute before have no name by which they are found: their customers are asked once more. The two tables of before stay for nodes of the
        // version before, which go on beside the first of this one; a later version takes them away.
        Migration(
            "authorization_server.0006_codes_with_answers",
            """
            CREATE TABLE answered_authorization (
                id TEXT NOT NULL PRIMARY KEY,
                answer TEXT NOT NULL,
                answered_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                code_digest TEXT,
                grant_id TEXT,
                client_id TEXT,
                redirect_uri TEXT,
                code_challenge TEXT,
                dpop_jkt TEXT,
                nonce TEXT,
                methods TEXT,
                code_expires_at BIGINT,
                consumed_at BIGINT
            );
            CREATE INDEX answered_authorization_by_expiry ON answered_authorization (expires_at);
            INSERT INTO answered_authorization (id, answer, answered_at, expires_at)
            SELECT authorization_id, answer, answered_at, expires_at FROM authorization_answer;
            """),
    ]
}
