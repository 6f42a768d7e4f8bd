public import Storage

/// The tables of organisations, their members, and apps.
public enum ApplicationsMigrations {
    public static let all: [Migration] = [
        Migration(
            "applications.0001_organisations",
            """
            CREATE TABLE organisation (
                id TEXT NOT NULL PRIMARY KEY,
                name TEXT NOT NULL,
                handle TEXT NOT NULL,
                world_id TEXT NOT NULL,
                plan TEXT NOT NULL,
                is_demo BOOLEAN NOT NULL,
                created_at BIGINT NOT NULL
            );
            CREATE UNIQUE INDEX organisation_by_handle ON organisation (handle);
            CREATE INDEX organisation_by_demo ON organisation (is_demo);

            CREATE TABLE membership (
                organisation_id TEXT NOT NULL,
                person_id TEXT NOT NULL,
                role TEXT NOT NULL,
                joined_at BIGINT NOT NULL,
                PRIMARY KEY (organisation_id, person_id)
            );
            CREATE INDEX membership_by_person ON membership (person_id);

            CREATE TABLE invitation (
                id TEXT NOT NULL PRIMARY KEY,
                digest TEXT NOT NULL,
                organisation_id TEXT NOT NULL,
                email TEXT NOT NULL,
                role TEXT NOT NULL,
                invited_by TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                accepted_at BIGINT,
                accepted_by TEXT,
                withdrawn_at BIGINT
            );
            CREATE UNIQUE INDEX invitation_by_digest ON invitation (digest);
            CREATE INDEX invitation_by_organisation ON invitation (organisation_id, email);
            """),
        Migration(
            "applications.0002_apps",
            """
            CREATE TABLE app (
                id TEXT NOT NULL PRIMARY KEY,
                client_id TEXT NOT NULL,
                organisation_id TEXT NOT NULL,
                name TEXT NOT NULL,
                purpose TEXT,
                kind TEXT NOT NULL,
                environment TEXT NOT NULL,
                profile TEXT NOT NULL,
                redirect_uris TEXT NOT NULL,
                grant_types TEXT NOT NULL,
                scopes TEXT NOT NULL,
                authentication_method TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                removed_at BIGINT
            );
            CREATE UNIQUE INDEX app_by_client_id ON app (client_id);
            CREATE INDEX app_by_organisation ON app (organisation_id, removed_at);

            CREATE TABLE app_secret (
                id TEXT NOT NULL PRIMARY KEY,
                app_id TEXT NOT NULL,
                digest TEXT NOT NULL,
                hint TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                last_used_at BIGINT,
                last_used_from TEXT,
                revoked_at BIGINT
            );
            CREATE INDEX app_secret_by_app ON app_secret (app_id, created_at);
            """),
        Migration("applications.0003_held_apps", "ALTER TABLE app ADD COLUMN held_at BIGINT"),
        // One network a line; empty for anywhere, which is what the version before registers.
        Migration("applications.0004_allowed_networks", "ALTER TABLE app ADD COLUMN allowed_networks TEXT NOT NULL DEFAULT ''"),
        // The members of RFC 7591 that have no column of their own, as one JSON object.
        Migration("applications.0005_metadata", "ALTER TABLE app ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}'"),
        Migration(
            "applications.0006_app_certificates",
            """
            CREATE TABLE app_certificate (
                app_id TEXT NOT NULL,
                thumbprint TEXT NOT NULL,
                pem TEXT NOT NULL,
                subject TEXT NOT NULL,
                not_before BIGINT NOT NULL,
                not_after BIGINT NOT NULL,
                source TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                removed_at BIGINT,
                PRIMARY KEY (app_id, thumbprint)
            );
            CREATE INDEX app_certificate_by_thumbprint ON app_certificate (thumbprint);
            CREATE INDEX app_certificate_by_expiry ON app_certificate (not_after);

            CREATE TABLE sandbox_authority (
                id TEXT NOT NULL PRIMARY KEY,
                certificate TEXT NOT NULL,
                sealed_private TEXT NOT NULL,
                created_at BIGINT NOT NULL
            );
            """),
        Migration(
            "applications.0007_registration",
            """
            CREATE TABLE initial_access_token (
                id TEXT NOT NULL PRIMARY KEY,
                digest TEXT NOT NULL,
                hint TEXT NOT NULL,
                organisation_id TEXT NOT NULL,
                name TEXT NOT NULL,
                profile TEXT NOT NULL,
                uses BIGINT NOT NULL,
                uses_left BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                last_used_at BIGINT,
                revoked_at BIGINT
            );
            CREATE UNIQUE INDEX initial_access_token_by_digest ON initial_access_token (digest);
            CREATE INDEX initial_access_token_by_organisation ON initial_access_token (organisation_id, created_at);

            CREATE TABLE app_registration (
                app_id TEXT NOT NULL PRIMARY KEY,
                digest TEXT NOT NULL,
                origin TEXT NOT NULL,
                initial_access_token_id TEXT,
                software_statement TEXT,
                created_at BIGINT NOT NULL,
                revoked_at BIGINT
            );
            CREATE UNIQUE INDEX app_registration_by_digest ON app_registration (digest);

            CREATE TABLE software_statement_use (
                digest TEXT NOT NULL PRIMARY KEY,
                expires_at BIGINT NOT NULL
            );
            CREATE INDEX software_statement_use_by_expiry ON software_statement_use (expires_at);
            """),
        Migration("applications.0008_held_members", "ALTER TABLE membership ADD COLUMN held_at BIGINT"),
        Migration("applications.0009_invitations_by_expiry", "CREATE INDEX invitation_by_expiry ON invitation (expires_at)"),
    ]
}
