import ArgumentParser
import Composition
import Foundation
import Logging
import Storage
import Web

/// The flags that every subcommand shares. Each has an environment variable with `WEKEZA_` in front; a flag wins over it.
struct SetupOptions: ParsableArguments {
    @Option(help: "The database: sqlite:PATH, or postgres://USER@HOST/NAME for several nodes. [WEKEZA_DATABASE, default sqlite:DATA/wekeza.db]")
    var database: String?

    @Option(help: "The folder of the master key and the embedded database. [WEKEZA_DATA, default var]")
    var data: String?

    @Option(help: "The folder of templates, static and openapi. [WEKEZA_ASSETS, default ../share/wekeza beside the binary, else the working directory]")
    var assets: String?

    @Option(help: "The least level that is logged: trace, debug, info, notice, warning, error. [WEKEZA_LOG_LEVEL, default info]")
    var logLevel: String?

    /// - Throws: `ConfigurationError` for a value that cannot work. Assets are not looked for: most commands need none.
    func configuration(environment: [String: String]) throws -> Configuration {
        var configuration = Configuration(issuer: Issuer("http://localhost:8080")!)  // a constant that parses
        configuration.dataDirectory = data ?? environment[.data] ?? configuration.dataDirectory
        let location = database ?? environment[.database] ?? "sqlite:\(configuration.dataDirectory)/wekeza.db"
        guard let parsed = DatabaseLocation(location) else {
            // Not repeated: it may hold a password.
            throw ConfigurationError(
                "--database must be sqlite:PATH or postgres://USER@HOST/NAME. In a user and a password @ is written %40, / is %2F and % is %25.")
        }
        configuration.database = parsed
        configuration.assets = assets ?? environment[.assets] ?? Self.findAssets()
        let level = logLevel ?? environment[.logLevel] ?? "info"
        guard let parsed = Logger.Level(rawValue: level) else {
            throw ConfigurationError("--log-level must be trace, debug, info, notice, warning or error, not \(level).")
        }
        configuration.logLevel = parsed
        return configuration
    }

    private static func findAssets() -> String {
        // The program's own file: its first argument is a bare name when a shell found it on its path.
        let binary = (Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])).resolvingSymlinksInPath()
        let shared = binary.deletingLastPathComponent().appendingPathComponent("../share/wekeza").standardizedFileURL.path
        return holdsAssets(shared) ? shared : "."
    }

    static func holdsAssets(_ folder: String) -> Bool {
        ["templates", "static", "openapi"].allSatisfy { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
    }
}
