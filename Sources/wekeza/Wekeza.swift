import AccessTokens
import ArgumentParser
import Composition
import Foundation

/// `wekeza`: everything the platform does, as one command with subcommands.
@main
struct Wekeza: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wekeza",
        abstract: "The Wekeza Open Platform: authorization server, developer portal, sandbox bank and gateway in one program.",
        subcommands: [
            Serve.self, Migrate.self, Doctor.self, Backup.self, Restore.self, Keys.self, Apps.self, RegistrationTokens.self, Members.self, Staff.self,
        ])

    /// A mistake in the command line or the set-up ends with one sentence and code 2; a failure at work with code 1.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as ConfigurationError {
            complain(error.description)
            Foundation.exit(2)
        } catch let error as TemporaryFailure {
            complain(error.description)
            Foundation.exit(1)
        } catch let failure as SigningKeyFailure {
            complain(failure.description)
            Foundation.exit(2)
        } catch  where exitCode(for: error) == .validationFailure {
            complain(fullMessage(for: error))
            Foundation.exit(2)
        } catch {
            exit(withError: error)
        }
    }

    private static func complain(_ text: String) { FileHandle.standardError.write(Data("wekeza: \(text)\n".utf8)) }
}
