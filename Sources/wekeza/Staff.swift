import ArgumentParser
import Composition
import Events
import Foundation
import Identity
import Passwords
import Primitives
import Storage

/// `wekeza staff`: the bank's own people. Without `--demo` the first of them is made here.
struct Staff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The bank's own people.", subcommands: [Create.self, SetPassword.self, ResetSecondFactor.self])

    /// `wekeza staff create --email … --name …`, the password on standard input.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a member of staff.", discussion: "The password is read from standard input, so that it stands in no history.")

        @OptionGroup var setup: SetupOptions

        @Option(help: "The work email they sign in with.")
        var email: String

        @Option(help: "Their name.")
        var name: String

        func run() async throws {
            guard let address = EmailAddress(email) else { throw ConfigurationError("--email must be an email address, not \(email).") }
            guard OneLine.refusal(of: name) == nil else {
                throw ConfigurationError("--name takes 1 to \(OneLine.longestName) characters that can be seen, on one line.")
            }
            let password = try PasswordPrompt.read()
            if let refusal = PasswordRules().refusal(of: password, personal: [name, email]) { throw ConfigurationError("\(refusal.message).") }
            let hash = try await PasswordHasher().hash(password)
            let bench = try await setup.openWorkbench()
            let now = bench.clock.now
            let enrolment = StaffEnrolment(randomness: bench.randomness)
            let created = try await bench.database.write { [name] tx in
                try enrolment.create(name: name, email: address, passwordHash: hash, by: .commandLine, at: now, in: tx)
            }
            await bench.database.close()
            guard created != nil else { throw ConfigurationError("\(email) is a member of staff already.") }
            print("\(email) can sign in at /staff/sign-in.")
        }
    }
}
