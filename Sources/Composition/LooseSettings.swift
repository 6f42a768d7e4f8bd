internal import Storage

/// Settings of a PostgreSQL with which the machine's power takes what was confirmed, and which no connection can turn on. `synchronous_commit` each turns on;
/// SQLite refuses to open without its own.
struct LooseSettings {
    private let names: [String]

    init(in tx: any ReadTransaction) throws {
        guard tx.engine == .postgres else {
            names = []
            return
        }
        let rows = try tx.all("SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name")
        names = try rows.map { try $0["name"] as String }
    }

    /// What is wrong and what to do, a sentence each; `nil` when nothing is.
    var warning: (found: String, advice: String)? {
        guard !names.isEmpty else { return nil }
        return (
            "PostgreSQL runs with \(names.map { "\($0)=off" }.joined(separator: ", ")): what was confirmed can be lost with the power.",
            "Set \(names.joined(separator: ", ")) to on in postgresql.conf and reload."
        )
    }
}
