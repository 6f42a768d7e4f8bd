internal import Storage

/// What a PostgreSQL keeps this user from, and each start does: to write, and to make tables.
struct MissingRights {
    private let user: String
    /// `nil` when none of the search path is there.
    private let schema: String?
    private let mayCreate: Bool
    private let isReadOnly: Bool

    /// - Returns: `nil` for SQLite, which knows files alone.
    init?(in tx: any ReadTransaction) throws {
        guard tx.engine == .postgres else { return nil }
        let row = try tx.first(
            """
            SELECT quote_ident(current_user) AS name, quote_ident(current_schema()) AS schema,
                   COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE) AS may_create,
                   current_setting('default_transaction_read_only') = 'on' AS is_read_only
            """)
        guard let row else { return nil }
        user = try row["name"]
        schema = try row["schema"]
        mayCreate = try row["may_create"]
        isReadOnly = try row["is_read_only"]
    }

    /// What is wrong and what to do, a sentence each; `nil` when nothing is.
    var refusal: (found: String, advice: String)? {
        if isReadOnly {
            return (
                "PostgreSQL takes no writes of \(user) here: default_transaction_read_only is on.",
                "Turn it off, for the server, the database or the user: ALTER ROLE \(user) SET default_transaction_read_only = off."
            )
        }
        guard !mayCreate else { return nil }
        guard let schema else { return ("No schema of the search_path is there.", "Make it, or correct search_path.") }
        return (
            "\(user) may not make tables in the schema \(schema), which each start may have to.",
            "As the owner of the database run: GRANT CREATE ON SCHEMA \(schema) TO \(user); or make the database with createdb --owner \(user)."
        )
    }
}
