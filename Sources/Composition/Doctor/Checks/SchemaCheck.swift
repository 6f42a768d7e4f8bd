internal import Storage

/// The schema is this version's.
struct SchemaCheck: Check {
    private let name = "schema"

    func run(_ setUp: SetUp) async -> [Finding] {
        guard setUp.hasDatabase else { return [] }
        let known = AllMigrations.all(on: setUp.configuration.database.engine).map(\.name)
        guard let (applied, unfinished) = try? await setUp.look({ try Self.read(in: $0) }) else { return [] }
        if let unfinished { return [.problem(name, "A restore of this database did not finish.", unfinished.advice)] }
        if let (found, advice) = try? await setUp.look({ try MissingRights(in: $0)?.refusal }) { return [.problem(name, found, advice)] }
        if let newer = applied.first(where: { !known.contains($0) }) {
            return [
                .warning(
                    name, "A newer version brought it up to date: it has \(newer), which this one does not know.",
                    "Upgrade this node too; until then it works with what it knows.")
            ]
        }
        let missing = known.filter { !applied.contains($0) }
        guard let first = missing.first else { return [.ok(name, "It is up to date: \(known.count) steps, the last is \(known.last ?? "").")] }
        return [
            applied.isEmpty
                ? .ok(name, "It is empty: the first start makes the tables.")
                : .warning(
                    name, "\(missing.count) steps are to be done, the first is \(first).",
                    "The next start does them, or run wekeza migrate. Take a backup before.")
        ]
    }

    /// The table itself comes with the first start.
    private static func read(in tx: any ReadTransaction) throws -> (applied: [String], unfinished: Restorations.Stage?) {
        let applied = try tx.hasTable("migration") ? Restorations().appliedMigrations(in: tx).map(\.name) : []
        return (applied, try Restorations().unfinished(in: tx))
    }
}
