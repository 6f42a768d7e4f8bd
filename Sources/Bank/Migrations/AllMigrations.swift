public import Storage

/// The sandbox bank's tables: accounts with their maintained balances, the journal, its postings, and holds.
public enum BankMigrations {
    public static let all: [Migration] = [
        Migration(
            "bank.0001_ledger",
            """
            CREATE TABLE account (
                id TEXT NOT NULL PRIMARY KEY,
                world TEXT NOT NULL,
                owner TEXT NOT NULL,
                name TEXT NOT NULL,
                product TEXT NOT NULL,
                kind TEXT NOT NULL,
                currency TEXT NOT NULL,
                number TEXT NOT NULL,
                status TEXT NOT NULL,
                status_reason TEXT,
                status_changed_at BIGINT NOT NULL,
                opened_at BIGINT NOT NULL,
                matures_at BIGINT,
                interest_basis_points BIGINT NOT NULL,
                overdraft_limit BIGINT NOT NULL,
                booked BIGINT NOT NULL,
                held BIGINT NOT NULL,
                sequence BIGINT NOT NULL,
                CHECK (overdraft_limit >= 0 AND held >= 0)
            );
            CREATE UNIQUE INDEX account_by_number ON account (world, number);

            CREATE TABLE account_holder (
                account_id TEXT NOT NULL REFERENCES account (id),
                rank BIGINT NOT NULL,
                person_id TEXT,
                name TEXT NOT NULL,
                PRIMARY KEY (account_id, rank)
            );
            CREATE INDEX account_holder_by_person ON account_holder (person_id, account_id);

            CREATE TABLE journal_entry (
                id TEXT NOT NULL PRIMARY KEY,
                world TEXT NOT NULL,
                kind TEXT NOT NULL,
                booked_at BIGINT NOT NULL,
                reverses TEXT REFERENCES journal_entry (id),
                payment_id TEXT
            );
            CREATE UNIQUE INDEX journal_entry_by_reversed ON journal_entry (reverses);
            CREATE INDEX journal_entry_by_payment ON journal_entry (payment_id);

            CREATE TABLE posting (
                id TEXT NOT NULL PRIMARY KEY,
                entry_id TEXT NOT NULL REFERENCES journal_entry (id),
                account_id TEXT NOT NULL REFERENCES account (id),
                amount BIGINT NOT NULL,
                currency TEXT NOT NULL,
                booked_at BIGINT NOT NULL,
                value_at BIGINT NOT NULL,
                sequence BIGINT NOT NULL,
                balance_after BIGINT,
                description TEXT NOT NULL,
                counterparty_name TEXT,
                counterparty_account TEXT,
                category TEXT NOT NULL,
                channel TEXT NOT NULL,
                pending_id TEXT,
                CHECK (amount <> 0)
            );
            CREATE INDEX posting_by_booking ON posting (account_id, booked_at, sequence);
            CREATE INDEX posting_by_entry ON posting (entry_id);

            CREATE TABLE hold (
                id TEXT NOT NULL PRIMARY KEY,
                account_id TEXT NOT NULL REFERENCES account (id),
                state TEXT NOT NULL,
                amount BIGINT NOT NULL,
                currency TEXT NOT NULL,
                made_at BIGINT NOT NULL,
                settles_at BIGINT NOT NULL,
                ended_at BIGINT,
                sequence BIGINT NOT NULL,
                description TEXT NOT NULL,
                counterparty_name TEXT,
                counterparty_account TEXT,
                category TEXT NOT NULL,
                channel TEXT NOT NULL,
                payment_id TEXT,
                CHECK (amount <> 0)
            );
            CREATE INDEX hold_by_account ON hold (account_id, state, made_at, sequence);
            CREATE INDEX hold_by_settlement ON hold (state, settles_at);
            CREATE INDEX hold_by_payment ON hold (payment_id);
            """),
        // A risk decision looks through the last 90 days of an account: it finds all of it in the index, side by side.
        Migration(
            "bank.0003_posting_by_booking",
            """
            DROP INDEX posting_by_booking;
            CREATE INDEX posting_by_booking ON posting (account_id, booked_at, sequence, amount, counterparty_account);
            """),
    ]

    /// Makes the tables themselves refuse to change or remove a posting or its entry. Triggers are the one thing the engines spell too differently to share.
    public static func immutablePostings(on engine: Engine) -> [Migration] {
        switch engine {
        case .sqlite:
            [
                Migration(
                    "bank.0002_immutable_postings",
                    """
                    CREATE TRIGGER posting_is_final BEFORE UPDATE ON posting
                    BEGIN SELECT RAISE(ABORT, 'postings are immutable'); END;
                    """),
                Migration(
                    "bank.0004_immutable_journal",
                    """
                    CREATE TRIGGER posting_stays BEFORE DELETE ON posting
                    BEGIN SELECT RAISE(ABORT, 'postings are immutable'); END;
                    CREATE TRIGGER journal_entry_is_final BEFORE UPDATE ON journal_entry
                    BEGIN SELECT RAISE(ABORT, 'journal entries are immutable'); END;
                    CREATE TRIGGER journal_entry_stays BEFORE DELETE ON journal_entry
                    BEGIN SELECT RAISE(ABORT, 'journal entries are immutable'); END;
                    """),
            ]
        case .postgres:
            [
                Migration(
                    "bank.0002_immutable_postings",
                    """
                    CREATE FUNCTION posting_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN RAISE EXCEPTION 'postings are immutable'; END $$;
                    CREATE TRIGGER posting_is_final BEFORE UPDATE ON posting FOR EACH STATEMENT EXECUTE FUNCTION posting_refuse();
                    """),
                Migration(
                    "bank.0004_immutable_journal",
                    """
                    CREATE TRIGGER posting_stays BEFORE DELETE OR TRUNCATE ON posting FOR EACH STATEMENT EXECUTE FUNCTION posting_refuse();
                    CREATE FUNCTION journal_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN RAISE EXCEPTION 'journal entries are immutable'; END $$;
                    CREATE TRIGGER journal_entry_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entry
                    FOR EACH STATEMENT EXECUTE FUNCTION journal_entry_refuse();
                    """),
            ]
        }
    }
}
