internal import AuthorizationServer
internal import Foundation

/// Whose software statements are believed, as `--software-statement-issuers` names it.
struct StatementTrust: Sendable {
    let issuers: StatementIssuers
    private let file: String?

    /// - Throws: `ConfigurationError` when the file cannot be used.
    init(_ configuration: Configuration) throws {
        file = configuration.statementIssuers
        issuers = StatementIssuers(try Self.read(file))
    }

    /// Reads the file again.
    /// - Throws: `ConfigurationError`; those in use stay.
    func reload() throws { issuers.replace(try Self.read(file)) }

    private static func read(_ file: String?) throws -> [StatementIssuer] {
        guard let file else { return [] }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ConfigurationError("--software-statement-issuers must name a JSON file that can be read, not \(file).")
        }
        do {
            return try StatementIssuer.read(Array(data))
        } catch {
            throw ConfigurationError("--software-statement-issuers must name a JSON file of issuers; in \(file) \(error).")
        }
    }
}
