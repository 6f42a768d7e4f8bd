package import Storage

/// The payments' tables: what an app sent and where it stands, how it came there, and what was decided about its risk.
package enum PaymentsMigrations {
    package static let all: [Migration] = [
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
            """),
    ]
}
