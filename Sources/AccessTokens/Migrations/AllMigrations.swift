public import Storage

/// The steps of this room's schema.
public enum AccessTokensMigrations {
    public static let all: [Migration] = [
        Migration(
            "access_tokens.0001_keys_and_grants",
            """
            CREATE TABLE signing_key (
                kid TEXT PRIMARY KEY,
                state TEXT NOT NULL,
                sealed_private TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                retired_at BIGINT,
                published_until BIGINT
            );
            CREATE UNIQUE INDEX signing_key_one_of_each ON signing_key (state) WHERE state IN ('current', 'next');
            CREATE TABLE token_grant (
                id TEXT PRIMARY KEY,
                app_id TEXT NOT NULL,
                client_id TEXT NOT NULL,
                person_id TEXT NOT NULL,
                consent_id TEXT,
                scope TEXT NOT NULL,
                authenticated_at BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                generation BIGINT NOT NULL,
                rotated_at BIGINT,
                last_used_at BIGINT,
                revoked_at BIGINT,
                revoked_reason TEXT
            );
            CREATE INDEX token_grant_by_person ON token_grant (person_id, app_id);
            CREATE INDEX token_grant_by_app ON token_grant (app_id);
            CREATE INDEX token_grant_by_consent ON token_grant (consent_id);
            CREATE INDEX token_grant_by_revocation ON token_grant (revoked_at);
            CREATE INDEX token_grant_by_expiry ON token_grant (expires_at);
            CREATE TABLE denied_token (
                token_id TEXT PRIMARY KEY,
                expires_at BIGINT NOT NULL
            );
            CREATE INDEX denied_token_by_expiry ON denied_token (expires_at);
            """),
        Migration(
            "access_tokens.0002_key_schedule",
            """
            ALTER TABLE signing_key ADD COLUMN signs_since BIGINT;
            UPDATE signing_key SET signs_since = created_at WHERE state = 'current';
            """),
        // It was written at each refresh and read by nobody.
        Migration("access_tokens.0003_grants_without_last_use", "ALTER TABLE token_grant DROP COLUMN last_used_at;"),
        Migration(
            "access_tokens.0004_keys_by_algorithm",
            """
            ALTER TABLE signing_key ADD COLUMN algorithm TEXT NOT NULL DEFAULT 'ES256';
            DROP INDEX signing_key_one_of_each;
            CREATE UNIQUE INDEX signing_key_one_of_each ON signing_key (algorithm, state) WHERE state IN ('current', 'next');
            """),
        Migration("access_tokens.0005_bound_refresh_tokens", "ALTER TABLE token_grant ADD COLUMN dpop_jkt TEXT"),
        Migration("access_tokens.0006_authentication_level", "ALTER TABLE token_grant ADD COLUMN acr TEXT;"),
        // Nothing looked for grants by these, and each new one found its place in all of them.
        Migration(
            "access_tokens.0007_indexes_that_are_read",
            """
            DROP INDEX token_grant_by_app;
            DROP INDEX token_grant_by_consent;
            DROP INDEX token_grant_by_revocation;
            CREATE INDEX token_grant_by_revocation ON token_grant (revoked_at) WHERE revoked_at IS NOT NULL;
            """),
        // An app that signs its customer in silently every few minutes has thousands: the newest is found without looking through them.
        Migration(
            "access_tokens.0008_newest_grant_first",
            """
            CREATE INDEX token_grant_by_holder ON token_grant (person_id, app_id, consent_id, created_at);
            DROP INDEX token_grant_by_person;
            """),
    ]
}
