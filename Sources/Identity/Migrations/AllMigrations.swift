public import Storage

/// The tables of people, their sessions, their one-time links, second factors and sign-in attempts.
public enum IdentityMigrations {
    public static let all: [Migration] = [
        Migration(
            "identity.0001_people",
            """
            CREATE TABLE person (
                id TEXT NOT NULL PRIMARY KEY,
                population TEXT NOT NULL,
                world TEXT NOT NULL,
                sign_in_name TEXT NOT NULL,
                name TEXT NOT NULL,
                given_name TEXT NOT NULL,
                email TEXT,
                email_confirmed_at BIGINT,
                phone TEXT,
                password_hash TEXT,
                password_changed_at BIGINT,
                created_at BIGINT NOT NULL,
                disabled_at BIGINT
            );
            CREATE UNIQUE INDEX person_by_sign_in_name ON person (population, world, sign_in_name);

            CREATE TABLE session (
                id TEXT NOT NULL PRIMARY KEY,
                digest TEXT NOT NULL,
                person_id TEXT NOT NULL,
                population TEXT NOT NULL,
                methods TEXT NOT NULL,
                address TEXT NOT NULL,
                authenticated_at BIGINT NOT NULL,
                last_seen_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                ended_at BIGINT
            );
            CREATE UNIQUE INDEX session_by_digest ON session (digest);
            CREATE INDEX session_by_person ON session (person_id, expires_at);
            CREATE INDEX session_by_expiry ON session (expires_at);

            CREATE TABLE one_time_link (
                digest TEXT NOT NULL PRIMARY KEY,
                purpose TEXT NOT NULL,
                person_id TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                ended_at BIGINT
            );
            CREATE INDEX one_time_link_by_person ON one_time_link (person_id, purpose, ended_at);
            CREATE INDEX one_time_link_by_expiry ON one_time_link (expires_at);

            CREATE TABLE sign_in_throttle (
                key TEXT NOT NULL PRIMARY KEY,
                account TEXT,
                failures BIGINT NOT NULL,
                until_ms BIGINT NOT NULL,
                succeeded_at BIGINT,
                updated_at BIGINT NOT NULL
            );
            CREATE INDEX sign_in_throttle_by_account ON sign_in_throttle (account);
            CREATE INDEX sign_in_throttle_by_time ON sign_in_throttle (updated_at);
            """),
        Migration(
            "identity.0002_second_factors",
            """
            CREATE TABLE second_factor (
                person_id TEXT NOT NULL PRIMARY KEY,
                sealed_key TEXT NOT NULL,
                last_step BIGINT NOT NULL,
                enrolled_at BIGINT NOT NULL
            );
            CREATE TABLE second_factor_enrolment (
                person_id TEXT NOT NULL PRIMARY KEY,
                session_id TEXT NOT NULL,
                sealed_key TEXT NOT NULL,
                expires_at BIGINT NOT NULL
            );
            CREATE INDEX second_factor_enrolment_by_expiry ON second_factor_enrolment (expires_at);
            CREATE TABLE recovery_code (
                digest TEXT NOT NULL PRIMARY KEY,
                person_id TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                used_at BIGINT
            );
            CREATE INDEX recovery_code_by_person ON recovery_code (person_id);
            """),
        // For who forgets counts of those who never signed in.
        Migration(
            "identity.0003_strangers", "CREATE INDEX sign_in_throttle_of_strangers ON sign_in_throttle (updated_at) WHERE succeeded_at IS NULL;"),
    ]
}
