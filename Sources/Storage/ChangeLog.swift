public import Primitives

/// What kind of thing changed; caches subscribe by topic.
public enum ChangeTopic: String, Sendable, CaseIterable, SQLReadable, SQLBindable {
    case app
    case organisation
    case consent
    case grant
    case deniedToken = "denied_token"
    case signingKey = "signing_key"
    case person
}

/// One committed change that caches must hear of.
public struct Change: Hashable, Sendable {
    public let topic: ChangeTopic
    /// The identifier of what changed.
    public let key: String

    public init(topic: ChangeTopic, key: String) {
        self.topic = topic
        self.key = key
    }
}

extension WriteTransaction {
    /// Tells every node's caches, with this transaction's commit, that something changed.
    public func announce(_ topic: ChangeTopic, _ key: String, at now: Timestamp) throws {
        try execute("INSERT INTO change_log (topic, key, changed_at) VALUES (\(topic), \(key), \(now))")
        announcements.add(Change(topic: topic, key: key))
    }
}

/// The storage room's own tables.
public enum StorageMigrations {
    public static let all: [Migration] = [
        Migration(
            "storage.0001_change_log",
            """
            CREATE TABLE change_log (
                id AUTO_ID,
                topic TEXT NOT NULL,
                key TEXT NOT NULL,
                changed_at BIGINT NOT NULL
            );
            CREATE INDEX change_log_by_time ON change_log (changed_at);
            """),
        Migration(
            "storage.0002_restorations",
            """
            CREATE TABLE restoration (
                id AUTO_ID,
                salt TEXT NOT NULL,
                copy_taken_at BIGINT,
                restored_at BIGINT NOT NULL
            );
            """),
        Migration(
            "storage.0003_root_key",
            """
            CREATE TABLE root_key (
                id TEXT NOT NULL PRIMARY KEY,
                sealed TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                sealed_at BIGINT NOT NULL
            );
            """),
        // The log is forgotten by its ids.
        Migration("storage.0004_no_times", "DROP INDEX change_log_by_time;"),
    ]
}
