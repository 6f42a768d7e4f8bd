import ArgumentParser
import Composition
import Events
import Foundation
import Identity
import Passwords
import Primitives
import Storage

extension Staff {
    /// `wekeza staff set-password`: for somebody who lost theirs, and after a restore. Staff have no link by mail.
    struct SetPassword: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a member of staff a new password.", discussion: "It is read from standard input. Their sessions end.")

        @OptionGroup var setup: SetupOptions

        @Option(help: "The work email they sign in with.")
        var email: String

        func run() async throws {
            let password = try PasswordPrompt.read()
            if let refusal = PasswordRules().refusal(of: password, personal: [email]) { throw ConfigurationError("\(refusal.message).") }
            let hash = try await PasswordHasher().hash(password)
            let bench = try await setup.openWorkbench()
            let now = bench.clock.now
            let sessions = Sessions(database: bench.database, randomness: bench.randomness)
            let isDone = try await bench.database.write { [email] tx in
                guard let person = try People().find(signInName: email, population: .staff, in: tx) else { return false }
                try People().setPasswordHash(hash, of: person.id, at: now, in: tx)
                try sessions.endAll(of: person.id, at: now, in: tx)
                try AuditLog().append(
                    AuditEntry(actor: .commandLine, action: .passwordChanged, subject: person.id.rawValue, requestID: nil, at: now), in: tx)
                return true
            }
            await bench.database.close()
            guard isDone else { throw ConfigurationError("\(email) is no member of staff.") }
            print("\(email) can sign in with the new password.")
        }
    }
}
