public import Storage

/// The payments' tables: what an app sent and where it stands, how it came there, and what was decided about its risk.
public enum PaymentsMigrations {
    public static let all: [Migration] = [
        Migration(
            "payments.0001_payments",
            """
            CREATE TABLE payment (
                id TEXT NOT NULL PRIMARY KEY,
                app_id TEXT NOT NULL,
                organisation_id TEXT NOT NULL,
                consent_id TEXT NOT NULL,
                person_id TEXT NOT NULL,
                world TEXT NOT NULL,
                debtor_account_id TEXT NOT NULL,
                amount BIGINT NOT NULL,
                currency TEXT NOT NULL,
                creditor_name TEXT NOT NULL,
                creditor_account TEXT NOT NULL,
                reference TEXT NOT NULL,
                hold_id TEXT NOT NULL,
                status TEXT NOT NULL,
                reason TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                changed_at BIGINT NOT NULL,
                settles_at BIGINT NOT NULL,
                idempotency_key TEXT,
                CHECK (amount > 0)
            );
            CREATE UNIQUE INDEX payment_by_consent ON payment (consent_id);
            CREATE INDEX payment_by_app ON payment (app_id, id);
            CREATE INDEX payment_by_person ON payment (person_id, id);
            CREATE INDEX payment_by_debtor ON payment (debtor_account_id, created_at);
            CREATE INDEX payment_by_settlement ON payment (status, settles_at, id);

            CREATE TABLE payment_event (
                id AUTO_ID,
                payment_id TEXT NOT NULL,
                status TEXT NOT NULL,
                actor TEXT NOT NULL,
                reason TEXT NOT NULL,
                occurred_at BIGINT NOT NULL
            );
            CREATE INDEX payment_event_by_payment ON payment_event (payment_id, id);

            CREATE TABLE risk_decision (
                payment_id TEXT NOT NULL PRIMARY KEY,
                outcome TEXT NOT NULL,
                score BIGINT NOT NULL,
                reasons TEXT NOT NULL,
                version TEXT NOT NULL,
                inputs TEXT NOT NULL,
                decided_at BIGINT NOT NULL
            );
            """),
        Migration(
            "payments.0002_kinds",
            """
            DROP INDEX payment_by_consent;
            CREATE INDEX payment_by_consent ON payment (consent_id, created_at);
            ALTER TABLE payment ADD COLUMN kind TEXT NOT NULL DEFAULT 'payment';
            ALTER TABLE payment ADD COLUMN execution_date TEXT;
            ALTER TABLE payment ADD COLUMN standing_order_id TEXT;

            CREATE TABLE standing_order (
                id TEXT NOT NULL PRIMARY KEY,
                app_id TEXT NOT NULL,
                organisation_id TEXT NOT NULL,
                consent_id TEXT NOT NULL,
                person_id TEXT NOT NULL,
                world TEXT NOT NULL,
                debtor_account_id TEXT NOT NULL,
                amount BIGINT NOT NULL,
                currency TEXT NOT NULL,
                creditor_name TEXT NOT NULL,
                creditor_account TEXT NOT NULL,
                reference TEXT NOT NULL,
                frequency TEXT NOT NULL,
                first_date TEXT NOT NULL,
                last_date TEXT,
                status TEXT NOT NULL,
                made BIGINT NOT NULL,
                due_at BIGINT,
                created_at BIGINT NOT NULL,
                ended_at BIGINT,
                ended_by TEXT,
                idempotency_key TEXT
            );
            CREATE INDEX standing_order_by_consent ON standing_order (consent_id);
            CREATE INDEX standing_order_by_app ON standing_order (app_id, id);
            CREATE INDEX standing_order_by_person ON standing_order (person_id, id);
            CREATE INDEX standing_order_by_due ON standing_order (due_at, id);
            CREATE INDEX payment_by_standing_order ON payment (standing_order_id, id);
            """),
        Migration(
            "payments.0003_scenarios",
            """
            ALTER TABLE payment ADD COLUMN scenario TEXT;
            CREATE INDEX payment_by_scenario ON payment (status, scenario, settles_at);
            """),
        // What is NULL in a bulk payment is settled when its consent is used up. Its timeline and its risk decision are kept under its id as a payment's are.
        Migration(
            "payments.0004_bulk",
            """
            CREATE TABLE bulk_payment (
                id TEXT NOT NULL PRIMARY KEY,
                app_id TEXT NOT NULL,
                organisation_id TEXT NOT NULL,
                consent_id TEXT NOT NULL,
                format TEXT NOT NULL,
                digest TEXT NOT NULL,
                reference TEXT,
                line_count BIGINT NOT NULL,
                total BIGINT NOT NULL,
                currency TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                person_id TEXT,
                world TEXT,
                debtor_account_id TEXT,
                hold_id TEXT,
                status TEXT,
                reason TEXT,
                received_at BIGINT,
                changed_at BIGINT,
                settles_at BIGINT,
                idempotency_key TEXT,
                paid_count BIGINT,
                paid_total BIGINT,
                CHECK (total > 0 AND line_count > 0)
            );
            CREATE UNIQUE INDEX bulk_payment_by_consent ON bulk_payment (consent_id);
            CREATE INDEX bulk_payment_by_app ON bulk_payment (app_id, id);
            CREATE INDEX bulk_payment_by_person ON bulk_payment (person_id, id);
            CREATE INDEX bulk_payment_by_debtor ON bulk_payment (debtor_account_id, received_at);
            CREATE INDEX bulk_payment_by_settlement ON bulk_payment (status, settles_at, id);
            CREATE INDEX bulk_payment_by_age ON bulk_payment (status, created_at);

            CREATE TABLE bulk_payment_line (
                bulk_payment_id TEXT NOT NULL,
                number BIGINT NOT NULL,
                amount BIGINT NOT NULL,
                creditor_name TEXT NOT NULL,
                creditor_account TEXT NOT NULL,
                reference TEXT NOT NULL,
                end_to_end_id TEXT,
                refused_because TEXT,
                PRIMARY KEY (bulk_payment_id, number)
            );
            """),
        // Draws come by themselves, and many of them: what can still be cancelled is found behind however many.
        Migration(
            "payments.0005_what_customers_can_cancel",
            "CREATE INDEX payment_cancellable_by_person ON payment (person_id, id) WHERE status IN ('scheduled', 'held')"),
        // A risk decision asks of each file of an account whether it paid somebody: one step, however long the file is.
        Migration(
            "payments.0006_whom_files_paid",
            "CREATE INDEX bulk_payment_line_by_creditor ON bulk_payment_line (bulk_payment_id, creditor_account)"),
    ]
}
