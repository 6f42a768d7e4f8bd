import Applications
public import ArgumentParser
import Composition
import Events
import Identity
import Primitives
import Storage

extension MemberRole: ExpressibleByArgument {}

/// `wekeza members`: the developers' teams.
struct Members: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The developers' teams.", subcommands: [Confirm.self])

    /// `wekeza members confirm`: what staff do at `/staff/people` after a restore, and owners on their team page.
    struct Confirm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give members back their place in a team that a restore holds.",
            discussion: "Somebody who was removed since the backup is among them: make sure whom you confirm. One owner is enough, who confirms the others; "
                + "where none of them works there any more, let a member in as one with --role owner.")

        @OptionGroup var setup: SetupOptions

        @Option(help: "The handle of the organisation.")
        var organisation: String?

        @Option(help: "The email that the member signs in with.")
        var email: String?

        @Option(help: "What the member is from now on. [default: what they were when the backup was taken]")
        var role: MemberRole?

        @Flag(help: "Everybody who is held, in every organisation.")
        var all = false

        func validate() throws {
            let names = [organisation, email].compactMap { $0 }.count
            guard names == (all ? 0 : 2) else { throw ValidationError("Name --organisation and --email, or pass --all.") }
            guard role == nil || !all else { throw ValidationError("--role is for one member: name --organisation and --email.") }
        }

        func run() async throws {
            let bench = try await setup.openWorkbench()
            let now = bench.clock.now
            let lines = try await bench.database.write { [organisation, email, role] tx -> [String] in
                guard let organisation, let email else { return try Self.confirmAll(at: now, in: tx) }
                return try Self.confirm(email, in: organisation, as: role, at: now, in: tx)
            }
            await bench.database.close()
            for line in lines { print(line) }
        }

        private static func confirm(
            _ email: String, in handle: String, as role: MemberRole?, at now: Timestamp, in tx: any WriteTransaction
        ) throws -> [String] {
            guard let organisation = try Organisations().find(handle: handle, in: tx) else {
                throw ConfigurationError("There is no organisation with the handle \(handle).")
            }
            guard let person = try People().find(signInName: email, population: .developer, in: tx),
                let before = try Memberships().find(person.id, in: organisation.id, in: tx)
            else { throw ConfigurationError("\(email) is no member of \(organisation.name).") }
            switch try Memberships().confirm(person.id, in: organisation.id, as: role, by: Actor.commandLine, at: now, requestID: nil, in: tx) {
            case .success(let member):
                return try ["\(email) has their place at \(organisation.name), as \(member.role.rawValue)."] + ownerless([organisation.id], in: tx)
            case .failure(let refusal):
                let place = before.isHeld ? "waits to be confirmed" : "is in already,"
                throw ConfigurationError("\(email) \(place) as \(before.role.rawValue) of \(organisation.name). \(refusal.message).")
            }
        }

        private static func confirmAll(at now: Timestamp, in tx: any WriteTransaction) throws -> [String] {
            let held = try ApplicationsRestoration().heldMembers(in: tx)
            for member in held {
                _ = try Memberships().confirm(member.personID, in: member.organisationID, by: Actor.commandLine, at: now, requestID: nil, in: tx)
            }
            let teams = Set(held.map(\.organisationID)).sorted()
            return try ["\(held.count) of the members were held and have their place again."] + ownerless(teams, in: tx)
        }

        /// One sentence for each of these teams that has no owner in force.
        private static func ownerless(_ teams: [OrganisationID], in tx: any ReadTransaction) throws -> [String] {
            try teams.compactMap { id in
                guard try !Memberships().hasOwner(id, in: tx), let organisation = try Organisations().find(id, in: tx) else { return nil }
                return "\(organisation.name) has no confirmed owner yet."
            }
        }
    }
}
