public import Primitives
public import Storage

/// The portal's own tables: forms that were sent, how many mails went out to an address, and the passwords of sandbox worlds.
public enum PortalMigrations {
    public static let all: [Migration] = [
        Migration(
            "portal.0001_forms",
            """
            CREATE TABLE portal_form (
                digest TEXT NOT NULL PRIMARY KEY,
                outcome TEXT NOT NULL,
                created_at BIGINT NOT NULL
            );
            CREATE INDEX portal_form_by_time ON portal_form (created_at);

            CREATE TABLE portal_mail_limit (
                address TEXT NOT NULL PRIMARY KEY,
                window_started_at BIGINT NOT NULL,
                sent BIGINT NOT NULL
            );
            CREATE INDEX portal_mail_limit_by_time ON portal_mail_limit (window_started_at);
            """),
        Migration(
            "portal.0002_world_passwords",
            """
            CREATE TABLE portal_world_password (
                world_id TEXT NOT NULL PRIMARY KEY,
                sealed TEXT NOT NULL,
                changed_at BIGINT NOT NULL
            );
            """),
    ]

    /// Forgets forms and counts that nobody needs any more: a background job.
    /// - Returns: of the kind of which there were more, how many; at most `limit`.
    public static func purge(before moment: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        let forms = try tx.execute(
            """
            DELETE FROM portal_form
            WHERE digest IN (SELECT digest FROM portal_form WHERE created_at < \(moment) ORDER BY created_at LIMIT \(limit))
            """)
        let counts = try tx.execute(
            """
            DELETE FROM portal_mail_limit
            WHERE address IN (SELECT address FROM portal_mail_limit WHERE window_started_at < \(moment) ORDER BY window_started_at LIMIT \(limit))
                AND window_started_at < \(moment)
            """)
        return max(forms, counts)
    }
}
