import Applications
import ArgumentParser
import Composition
import Events
import Identity
import Primitives
import Storage

/// `wekeza members`: the developers' teams.
struct Members: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The developers' teams.", subcommands: [Confirm.self])

    /// `wekeza members confirm`: what staff do at `/staff/people` after a restore, and owners on their team page.
    struct Confirm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give members back their place in a team that a restore holds.",
            discussion: "Somebody who was removed since the backup is among them: make sure whom you confirm. One owner is enough, who confirms the others.")

        @OptionGroup var setup: SetupOptions

        @Option(help: "The handle of the organisation.")
        var organisation: String?

        @Option(help: "The email that the member signs in with.")
        var email: String?

        @Flag(help: "Everybody who is held, in every organisation.")
        var all = false

        func validate() throws {
            let names = [organisation, email].compactMap { $0 }.count
            guard names == (all ? 0 : 2) else { throw ValidationError("Name --organisation and --email, or pass --all.") }
        }

        func run() async throws {
            let bench = try await setup.openWorkbench()
            let now = bench.clock.now
            let confirmed = try await bench.database.write { [organisation, email] tx in
                let wanted =
                    if let organisation, let email {
                        [try Self.find(email, in: organisation, in: tx)]
                    } else {
                        try ApplicationsRestoration().heldMembers(in: tx)
                    }
                let held = wanted.filter(\.isHeld)
                for member in held {
                    _ = try Memberships().confirm(member.personID, in: member.organisationID, by: Actor.commandLine, at: now, requestID: nil, in: tx)
                }
                return held.count
            }
            await bench.database.close()
            print("\(confirmed) of the members were held and have their place again.")
        }

        private static func find(_ email: String, in handle: String, in tx: any ReadTransaction) throws -> Membership {
            guard let organisation = try Organisations().find(handle: handle, in: tx) else {
                throw ConfigurationError("There is no organisation with the handle \(handle).")
            }
            guard let person = try People().find(signInName: email, population: .developer, in: tx),
                let membership = try Memberships().find(person.id, in: organisation.id, in: tx)
            else { throw ConfigurationError("\(email) is no member of \(organisation.name).") }
            return membership
        }
    }
}
