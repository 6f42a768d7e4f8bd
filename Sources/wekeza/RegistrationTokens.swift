import Applications
import ArgumentParser
import Composition
import Events
import Foundation
import OAuth
import Primitives
import Storage

/// `wekeza registration-tokens`: initial access tokens (RFC 7591 §3), as developers make them in the portal.
struct RegistrationTokens: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tokens with which software registers itself.", subcommands: [Create.self, List.self, Revoke.self])

    /// `wekeza registration-tokens create`
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a token for an organisation.",
            discussion: "It is printed once and kept as a digest. What it registers belongs to the organisation.")

        @OptionGroup var setup: SetupOptions

        @Option(help: "The handle of the organisation.")
        var organisation: String

        @Option(help: "What the token is called in the portal.")
        var name: String

        @Option(help: "How many apps it registers.")
        var uses = 1

        @Option(help: "How many days it works.")
        var days = 7

        @Option(help: ArgumentHelp("The rules that these apps follow: \(SecurityProfile.allCases.map(\.rawValue).joined(separator: ", "))."))
        var profile = SecurityProfile.oauth21.rawValue

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            guard let profile = SecurityProfile(rawValue: profile) else {
                throw ConfigurationError("--profile takes \(SecurityProfile.allCases.map(\.rawValue).joined(separator: ", ")), not \(profile).")
            }
            // What is too long to be a duration is refused as too long.
            let lifetime = Duration.days(Int64(min(max(days, 0), 10_000)))
            let bench = try await setup.openWorkbench()
            let made = try await bench.database.write { [organisation, name, uses, randomness = bench.randomness, now = bench.clock.now] tx in
                try InitialAccessTokens(randomness: randomness).create(
                    name: name, uses: uses, lifetime: lifetime, profile: profile, for: RegistrationTokens.find(organisation, in: tx).id, by: .commandLine,
                    at: now, requestID: nil, in: tx)
            }
            await bench.database.close()
            switch made {
            case .failure(let refusal): throw ConfigurationError("\(refusal.message).")
            case .success(let (token, secret)): try show(token, secret)
            }
        }

        private func show(_ token: InitialAccessToken, _ secret: Secret) throws {
            guard json else {
                print("initial_access_token  \(secret.value)")
                return print("id                    \(token.id)")
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let printed = ["id": token.id.rawValue, "initial_access_token": secret.value, "expires_at": token.expiresAt.rfc3339]
            print(String(decoding: try encoder.encode(printed), as: UTF8.self))
        }
    }

    /// `wekeza registration-tokens list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the tokens of an organisation.")

        @OptionGroup var setup: SetupOptions

        @Option(help: "The handle of the organisation.")
        var organisation: String

        func run() async throws {
            let bench = try await setup.openWorkbench()
            let now = bench.clock.now
            let tokens = try await bench.database.read { [organisation] tx in
                try InitialAccessTokens().list(of: RegistrationTokens.find(organisation, in: tx).id, at: now, in: tx)
            }
            await bench.database.close()
            for token in tokens {
                let state = token.revokedAt != nil ? "revoked" : token.usesLeft == 0 ? "used" : token.isLive(at: now) ? "live" : "expired"
                print("\(token.id)  \(state)  \(token.usesLeft) of \(token.uses) left  until \(token.expiresAt.rfc3339)  …\(token.hint)  \(token.name)")
            }
        }
    }

    /// `wekeza registration-tokens revoke`
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revoke a token. The apps that it registered keep working.")

        @OptionGroup var setup: SetupOptions

        @Argument(help: "The token's id, iat_…")
        var id: String

        func run() async throws {
            guard let id = InitialAccessTokenID(id) else { throw ConfigurationError("\(id) is no id of a token.") }
            let bench = try await setup.openWorkbench()
            let revoked = try await bench.database.write { [now = bench.clock.now] tx in
                let tokens = InitialAccessTokens()
                guard let token = try tokens.find(id, in: tx) else { throw ConfigurationError("There is no token \(id).") }
                return try tokens.revoke(id, of: token.organisationID, by: .commandLine, at: now, requestID: nil, in: tx)
            }
            await bench.database.close()
            print(revoked ? "\(id) does not work any more." : "\(id) was revoked before.")
        }
    }

    private static func find(_ handle: String, in tx: any ReadTransaction) throws -> Organisation {
        guard let organisation = try Organisations().find(handle: handle, in: tx) else {
            throw ConfigurationError("There is no organisation with the handle \(handle).")
        }
        return organisation
    }
}
