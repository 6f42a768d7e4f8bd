public import Storage

/// The consents' tables.
public enum ConsentsMigrations {
    public static let all: [Migration] = [
        Migration(
            "consents.0001_consents",
            """
            CREATE TABLE consent (
                id TEXT NOT NULL PRIMARY KEY,
                app_id TEXT NOT NULL,
                organisation_id TEXT NOT NULL,
                person_id TEXT,
                type TEXT NOT NULL,
                permissions TEXT NOT NULL,
                transactions_from BIGINT,
                transactions_to BIGINT,
                created_at BIGINT NOT NULL,
                expires_at BIGINT NOT NULL,
                status TEXT NOT NULL,
                status_actor TEXT NOT NULL,
                status_reason TEXT NOT NULL,
                status_changed_at BIGINT NOT NULL,
                grant_id TEXT
            );
            CREATE INDEX consent_by_app ON consent (app_id, created_at, id);
            CREATE INDEX consent_by_person ON consent (person_id, created_at, id);
            CREATE INDEX consent_by_end ON consent (status, expires_at);
            CREATE INDEX consent_by_age ON consent (status, created_at);

            CREATE TABLE consent_account (
                consent_id TEXT NOT NULL,
                account_id TEXT NOT NULL,
                PRIMARY KEY (consent_id, account_id)
            );
            CREATE INDEX consent_account_by_account ON consent_account (account_id);

            CREATE TABLE consent_event (
                id AUTO_ID,
                consent_id TEXT NOT NULL,
                status TEXT NOT NULL,
                actor TEXT NOT NULL,
                reason TEXT NOT NULL,
                request_id TEXT,
                occurred_at BIGINT NOT NULL
            );
            CREATE INDEX consent_event_by_consent ON consent_event (consent_id, id);
            """),
        Migration(
            "consents.0002_payment",
            """
            ALTER TABLE consent ADD COLUMN amount BIGINT;
            ALTER TABLE consent ADD COLUMN currency TEXT;
            ALTER TABLE consent ADD COLUMN creditor_name TEXT;
            ALTER TABLE consent ADD COLUMN creditor_account TEXT;
            ALTER TABLE consent ADD COLUMN reference TEXT;
            ALTER TABLE consent ADD COLUMN debtor_account_id TEXT;
            """),
        Migration("consents.0003_order", "ALTER TABLE consent ADD COLUMN order_details TEXT"),
        // Nothing looked for it.
        Migration("consents.0004_accounts_by_consent_alone", "DROP INDEX consent_account_by_account"),
        // Only those that wait are looked for by their age. The lock that keeps readers out comes last.
        Migration(
            "consents.0005_age_of_those_that_wait",
            """
            CREATE INDEX consent_waiting_by_age ON consent (status, created_at) WHERE status = 'awaiting_authorisation';
            DROP INDEX consent_by_age;
            """),
        // A customer's page reads what is in force whole, and what has ended page by page.
        Migration(
            "consents.0006_of_customers_in_force_and_ended",
            """
            CREATE INDEX consent_in_force_by_person ON consent (person_id, created_at, id) WHERE status IN ('authorised', 'suspended');
            CREATE INDEX consent_ended_by_person ON consent (person_id, status_changed_at, id)
                WHERE status IN ('rejected', 'revoked', 'expired', 'consumed');
            """),
        // By itself, since it keeps readers out: behind the other lock, whoever has read and then writes would wait for it, and it for them.
        Migration("consents.0007_of_customers_alone", "DROP INDEX consent_by_person"),
    ]
}
