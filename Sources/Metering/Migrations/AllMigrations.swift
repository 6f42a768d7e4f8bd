public import Storage

/// The meter's tables.
public enum MeteringMigrations {
    public static let all: [Migration] = [
        Migration(
            "metering.0001_decisions",
            """
            CREATE TABLE decision_record (
                request_id TEXT NOT NULL PRIMARY KEY,
                received_ms BIGINT NOT NULL,
                duration_us BIGINT NOT NULL,
                organisation_id TEXT,
                app_id TEXT,
                client_id TEXT,
                consent_id TEXT,
                person_id TEXT,
                account_id TEXT,
                method TEXT NOT NULL,
                path TEXT NOT NULL,
                operation TEXT,
                status BIGINT NOT NULL,
                outcome TEXT NOT NULL,
                rule TEXT,
                expected TEXT,
                got TEXT,
                checks TEXT NOT NULL,
                cost BIGINT NOT NULL,
                records BIGINT,
                client_address TEXT NOT NULL,
                problem TEXT
            );
            CREATE INDEX decision_record_by_organisation ON decision_record (organisation_id, received_ms, request_id);
            CREATE INDEX decision_record_by_app ON decision_record (app_id, received_ms, request_id);
            CREATE INDEX decision_record_by_person ON decision_record (person_id, received_ms, request_id);
            CREATE INDEX decision_record_by_consent ON decision_record (consent_id, received_ms, request_id);
            CREATE INDEX decision_record_by_time ON decision_record (received_ms);
            """),
        Migration(
            "metering.0002_quotas",
            """
            CREATE TABLE quota_day (
                organisation_id TEXT NOT NULL,
                day BIGINT NOT NULL,
                leased BIGINT NOT NULL,
                last_lease BIGINT NOT NULL,
                PRIMARY KEY (organisation_id, day)
            );
            """),
        Migration(
            "metering.0003_quota_leases",
            """
            CREATE TABLE quota_lease (
                id AUTO_ID,
                organisation_id TEXT NOT NULL,
                day BIGINT NOT NULL,
                sealed BIGINT NOT NULL,
                opened BIGINT NOT NULL,
                expires_at BIGINT NOT NULL
            );
            CREATE INDEX quota_lease_by_organisation ON quota_lease (organisation_id, day);
            """),
        // Two indexes instead of four that a call's record lands somewhere in the middle of, and days that are counted once.
        Migration(
            "metering.0004_readers",
            """
            DROP INDEX decision_record_by_organisation;
            DROP INDEX decision_record_by_app;
            DROP INDEX decision_record_by_person;
            DROP INDEX decision_record_by_consent;
            CREATE INDEX decision_record_of_developers ON decision_record (organisation_id, app_id, outcome, received_ms, request_id);
            CREATE INDEX decision_record_of_customers ON decision_record (person_id, consent_id, outcome, received_ms, request_id);
            CREATE TABLE usage_day (
                organisation_id TEXT NOT NULL,
                day BIGINT NOT NULL,
                app_id TEXT NOT NULL,
                allowed BIGINT NOT NULL,
                refused BIGINT NOT NULL,
                failed BIGINT NOT NULL,
                cost BIGINT NOT NULL,
                PRIMARY KEY (organisation_id, day, app_id)
            );
            INSERT INTO usage_day (organisation_id, day, app_id, allowed, refused, failed, cost)
            SELECT organisation_id, received_ms / 86400000, app_id,
                COUNT(CASE WHEN outcome = 'allowed' THEN 1 END), COUNT(CASE WHEN outcome = 'refused' THEN 1 END), COUNT(CASE WHEN outcome = 'failed' THEN 1 END),
                CAST(SUM(cost) AS BIGINT)
            FROM decision_record
            WHERE organisation_id IS NOT NULL AND app_id IS NOT NULL
            GROUP BY organisation_id, received_ms / 86400000, app_id;
            """),
        // What the two indexes held, in tables that are filled apart from the writing of records (docs/decisions/0012-shelves.md).
        Migration(
            "metering.0005_shelves",
            """
            CREATE TABLE unshelved_decision (
                request_id TEXT NOT NULL PRIMARY KEY,
                received_ms BIGINT NOT NULL,
                outcome TEXT NOT NULL,
                cost BIGINT NOT NULL,
                organisation_id TEXT,
                app_id TEXT,
                person_id TEXT,
                consent_id TEXT
            ) BY_KEY;
            CREATE TABLE developer_shelf (
                organisation_id TEXT NOT NULL,
                app_id TEXT NOT NULL,
                outcome TEXT NOT NULL,
                received_ms BIGINT NOT NULL,
                request_id TEXT NOT NULL,
                PRIMARY KEY (organisation_id, app_id, outcome, received_ms, request_id)
            ) BY_KEY;
            CREATE TABLE customer_shelf (
                person_id TEXT NOT NULL,
                consent_id TEXT NOT NULL,
                outcome TEXT NOT NULL,
                received_ms BIGINT NOT NULL,
                request_id TEXT NOT NULL,
                PRIMARY KEY (person_id, consent_id, outcome, received_ms, request_id)
            ) BY_KEY;
            CREATE TABLE shelving_turn (turn BIGINT NOT NULL);
            INSERT INTO shelving_turn (turn) VALUES (0);
            INSERT INTO developer_shelf (organisation_id, app_id, outcome, received_ms, request_id)
            SELECT organisation_id, app_id, outcome, received_ms, request_id
            FROM decision_record
            WHERE organisation_id IS NOT NULL AND app_id IS NOT NULL
            ORDER BY organisation_id, app_id, outcome, received_ms, request_id;
            INSERT INTO customer_shelf (person_id, consent_id, outcome, received_ms, request_id)
            SELECT person_id, consent_id, outcome, received_ms, request_id
            FROM decision_record
            WHERE person_id IS NOT NULL AND consent_id IS NOT NULL
            ORDER BY person_id, consent_id, outcome, received_ms, request_id;
            DROP INDEX decision_record_of_developers;
            DROP INDEX decision_record_of_customers;
            """),
        // What waits for its shelves lies by slices. Nodes of the version before, which know none, write into the first. They go on meanwhile: the old table is
        // renamed first, which waits for whoever writes to it and lets nobody begin, so that what is copied is all there is.
        Migration(
            "metering.0006_slices",
            """
            ALTER TABLE unshelved_decision RENAME TO unsliced_decision;
            CREATE TABLE unshelved_decision (
                slice BIGINT NOT NULL DEFAULT 0,
                request_id TEXT NOT NULL,
                received_ms BIGINT NOT NULL,
                outcome TEXT NOT NULL,
                cost BIGINT NOT NULL,
                organisation_id TEXT,
                app_id TEXT,
                person_id TEXT,
                consent_id TEXT,
                PRIMARY KEY (slice, request_id)
            ) BY_KEY;
            INSERT INTO unshelved_decision (request_id, received_ms, outcome, cost, organisation_id, app_id, person_id, consent_id)
            SELECT request_id, received_ms, outcome, cost, organisation_id, app_id, person_id, consent_id FROM unsliced_decision;
            DROP TABLE unsliced_decision;
            """),
        // Calls of a second that have the rest in common wait as one row, and stand as one on their shelf. Nodes of the version before go on with the old table
        // of what waits, from which theirs is taken (`DecisionRecords.takeOver`); none of them shelves meanwhile.
        Migration(
            "metering.0007_bundles",
            """
            UPDATE shelving_turn SET turn = turn + 1;
            CREATE TABLE unshelved_bundle (
                slice BIGINT NOT NULL,
                request_id TEXT NOT NULL,
                received_ms BIGINT NOT NULL,
                outcome TEXT NOT NULL,
                cost BIGINT NOT NULL,
                organisation_id TEXT,
                app_id TEXT,
                person_id TEXT,
                consent_id TEXT,
                calls BIGINT NOT NULL DEFAULT 1,
                places TEXT,
                PRIMARY KEY (slice, request_id)
            ) BY_KEY;
            INSERT INTO unshelved_bundle (slice, request_id, received_ms, outcome, cost, organisation_id, app_id, person_id, consent_id)
            SELECT slice, request_id, received_ms, outcome, cost, organisation_id, app_id, person_id, consent_id FROM unshelved_decision;
            DELETE FROM unshelved_decision WHERE request_id IN (SELECT request_id FROM unshelved_bundle);
            ALTER TABLE developer_shelf ADD COLUMN calls BIGINT NOT NULL DEFAULT 1;
            ALTER TABLE developer_shelf ADD COLUMN places TEXT;
            ALTER TABLE customer_shelf ADD COLUMN calls BIGINT NOT NULL DEFAULT 1;
            ALTER TABLE customer_shelf ADD COLUMN places TEXT;
            """),
        // Records of a group that follow each other are one row (docs/decisions/0029-packs.md). Nodes of the version before go on with the table of one for each,
        // and what is there is read until it is purged.
        Migration(
            "metering.0008_packs",
            """
            CREATE TABLE decision_pack (
                request_id TEXT NOT NULL,
                least_id TEXT NOT NULL,
                received_ms BIGINT NOT NULL,
                records TEXT NOT NULL,
                PRIMARY KEY (request_id, least_id)
            );
            CREATE INDEX decision_pack_by_time ON decision_pack (received_ms);
            """),
        // For who forgets days that are over. A step for each table: nodes beside this one lock them in another order.
        Migration("metering.0009_days_that_are_over", "CREATE INDEX quota_day_by_day ON quota_day (day)"),
        Migration("metering.0010_leases_of_days_that_are_over", "CREATE INDEX quota_lease_by_day ON quota_lease (day)"),
    ]
}
