internal import AuthorizationServer
internal import Storage

/// The file of issuers of software statements can be read, and the organisations that it names are there.
struct StatementIssuersCheck: Check {
    private let name = "statement issuers"

    func run(_ setUp: SetUp) async -> [Finding] {
        guard setUp.configuration.statementIssuers != nil else { return [] }
        do {
            let handles = try StatementTrust(setUp.configuration).issuers.handles
            let missing = setUp.hasDatabase ? try await setUp.look { tx in try StatementIssuers.unknown(handles, in: tx) } : []
            guard missing.isEmpty else {
                return [
                    .warning(
                        name, "No organisation here has the handle \(missing.joined(separator: ", ")).",
                        "Correct the file of --software-statement-issuers, then send the server SIGHUP.")
                ]
            }
            return [.ok(name, "Each organisation that they speak of is here.")]
        } catch let error as StorageError {
            return [.warning(name, "\(error)", "See the finding about the database.")]
        } catch {
            return [.problem(name, "\(error)", "Correct the file of --software-statement-issuers.")]
        }
    }
}
