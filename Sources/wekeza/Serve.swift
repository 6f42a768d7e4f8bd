import ArgumentParser
import Composition
import Foundation

/// `wekeza serve`: runs the platform until it is asked to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the platform.",
        discussion: """
            Each flag has an environment variable with WEKEZA_ in front; a flag wins over it. Mail leaves by the server that WEKEZA_SMTP_URL names \
            (smtp:// or smtps://), with WEKEZA_SMTP_USER, WEKEZA_SMTP_PASSWORD and WEKEZA_MAIL_FROM. WEKEZA_MASTER_KEY replaces the key file.
            """)

    @OptionGroup var options: ServeOptions

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try options.configuration(environment: environment)
        guard SetupOptions.holdsAssets(configuration.assets) else {
            throw ConfigurationError("--assets must name the folder that holds templates, static and openapi; \(configuration.assets) does not.")
        }
        try await Server.run(configuration, environment: environment)
    }
}
