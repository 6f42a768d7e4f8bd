import Applications
import ArgumentParser
import Composition
import Events
import Foundation
import OAuth
import Primitives
import Storage

/// `wekeza apps`: apps for operators and tests.
struct Apps: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Apps for operators and tests.", subcommands: [Create.self, Confirm.self])

    /// `wekeza apps create`: makes any kind of client, usable at once, also beside a running server.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create an app, with an organisation and a quota of its own.",
            discussion: "Its customers are those of the demo world where there is one. The secret is printed once and kept as a digest.")

        @OptionGroup var setup: SetupOptions

        @Option(help: "The app's name, as customers read it.")
        var name: String

        @Option(help: "An address that customers return to; repeat it for several.")
        var redirectURI: [String] = []

        @Option(help: "The addresses that it may call from, such as 192.0.2.10,2001:db8::/32; only for an app with a secret. [default: anywhere]")
        var allowFrom: String?

        @Option(
            help: ArgumentHelp("How it proves itself: \(ClientAuthenticationMethod.allCases.map(\.rawValue).joined(separator: ", "))."))
        var authMethod = ClientAuthenticationMethod.clientSecretBasic.rawValue

        @Option(help: "Its grant types, separated by commas or spaces. [default: what its way of proving itself allows]")
        var grantTypes: String?

        @Option(help: "The scopes it may ask for, separated by spaces or commas. [default: all that fit its grant types]")
        var scopes: String?

        @OptionGroup var metadata: MetadataOptions

        @Option(help: ArgumentHelp("The rules it follows: \(SecurityProfile.allCases.map(\.rawValue).joined(separator: ", "))."))
        var profile = SecurityProfile.oauth21.rawValue

        @Option(help: "sandbox or live.")
        var environment = AppEnvironment.sandbox.rawValue

        @Option(help: "Its organisation's plan: free or unlimited.")
        var plan = Plan.free.rawValue

        @Option(help: "Its client id. [default: made at random]")
        var clientID: String?

        @Option(help: "The handle of an organisation that it joins. [default: a new one]")
        var organisation: String?

        @Flag(help: "Treat it as a native app, whose loopback port may vary. [default: without a secret, where it returns to an IP or a private scheme]")
        var native = false

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let draft = try draft()
            let plan = try Self.parse(Plan.self, plan, "--plan")
            let bench = try await setup.openWorkbench()
            let certificate = try metadata.readCertificate()
            let created = try await bench.database.write { [organisation, randomness = bench.randomness, now = bench.clock.now] tx in
                let created = try Self.create(draft, joining: organisation, plan: plan, randomness: randomness, at: now, in: tx)
                let registrations = AppRegistrations(randomness: randomness)
                let token = try registrations.issueToken(
                    for: created.app.id, from: .commandLine, by: .commandLine, at: now, requestID: nil, in: tx
                ).token
                if let certificate {
                    _ = try AppCertificates().add(
                        AppCertificate(certificate, of: created.app.id, source: .upload, at: now), by: .commandLine, requestID: nil, in: tx)
                } else if created.app.metadata.jwks != nil {
                    do {
                        try registrations.registerCertificates(of: created.app, by: .commandLine, at: now, requestID: nil, in: tx)
                    } catch RegistrationRefusal.certificate(let sentence) { throw ConfigurationError("--jwks cannot be used. \(sentence).") }
                }
                return (app: created.app, secret: created.secret, token: token)
            }
            await bench.database.close()
            try show(created.app, secret: created.secret, token: created.token)
        }

        private func draft() throws -> NewApp {
            let method = try Self.parse(ClientAuthenticationMethod.self, authMethod, "--auth-method")
            let profile = try Self.parse(SecurityProfile.self, profile, "--profile")
            let redirectURIs = try redirectURI.map(Self.redirectURI)
            let types = try grantTypes.map { try Self.list($0, "--grant-types").map { try Self.parse(GrantType.self, $0, "--grant-types") } }
            return NewApp(
                organisationID: OrganisationID(trusted: ""), name: name, kind: kind(of: method, returningTo: redirectURIs),
                environment: try Self.parse(AppEnvironment.self, environment, "--environment"), profile: profile, redirectURIs: redirectURIs,
                allowedNetworks: try allowFrom.map { try Self.list($0, "--allow-from").map(Self.network) } ?? [],
                grantTypes: types.map { Set($0) }, scopes: try scopes.map(Self.scopeSet), authenticationMethod: method,
                metadata: try metadata.read(for: method, under: profile), clientID: try clientID.map(Self.clientID))
        }

        private func kind(of method: ClientAuthenticationMethod, returningTo redirectURIs: [RedirectURI]) -> AppKind {
            if native { return .native }
            // RFC 8252 §8.4: native apps keep no secret.
            guard method == .none else { return redirectURIs.isEmpty ? .backend : .web }
            return !redirectURIs.isEmpty && redirectURIs.allSatisfy(\.isOfNativeApp) ? .native : .singlePage
        }

        private static func create(
            _ draft: NewApp, joining handle: String?, plan: Plan, randomness: any RandomSource, at now: Timestamp, in tx: any WriteTransaction
        ) throws -> (app: App, secret: Secret?) {
            let organisations = Organisations()
            var draft = draft
            if let handle {
                guard let found = try organisations.find(handle: handle, in: tx) else {
                    throw ConfigurationError("There is no organisation with the handle \(handle).")
                }
                draft.organisationID = found.id
            } else {
                draft.organisationID = .random(from: randomness)
                let world = try organisations.demo(in: tx)?.world
                _ = try organisations.create(
                    id: draft.organisationID, name: draft.name, world: world, plan: plan, owner: nil, by: .commandLine, at: now, requestID: nil, in: tx)
            }
            switch try Applications.Apps(randomness: randomness).create(draft, by: .commandLine, at: now, requestID: nil, in: tx) {
            case .success(let created): return created
            // The organisation that was made for it goes with the transaction.
            case .failure(let refusal): throw ConfigurationError("\(refusal.message).")
            }
        }

        private func show(_ app: App, secret: Secret?, token: Secret) throws {
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                let printed = Printed(
                    app_id: app.id.rawValue, client_id: app.clientID.text, client_secret: secret?.value, organisation_id: app.organisationID.rawValue,
                    grant_types: GrantType.allCases.filter(app.grantTypes.contains).map(\.rawValue), scope: app.scopes.text,
                    token_endpoint_auth_method: app.authenticationMethod.rawValue, redirect_uris: app.redirectURIs.map(\.text),
                    profile: app.profile.rawValue, dpop_bound_access_tokens: app.metadata.dpopBoundAccessTokens,
                    tls_client_certificate_bound_access_tokens: app.metadata.tlsClientCertificateBoundAccessTokens,
                    registration_access_token: token.value)
                print(String(decoding: try encoder.encode(printed), as: UTF8.self))
            } else {
                print("client_id                  \(app.clientID)")
                if let secret { print("client_secret              \(secret.value)") }
                print("registration_access_token  \(token.value)")
            }
        }

        /// Named as RFC 7591 §2 names them.
        private struct Printed: Encodable {
            let app_id, client_id: String
            let client_secret: String?
            let organisation_id: String
            let grant_types: [String]
            let scope, token_endpoint_auth_method: String
            let redirect_uris: [String]
            let profile: String
            let dpop_bound_access_tokens, tls_client_certificate_bound_access_tokens: Bool
            let registration_access_token: String
        }

        private static func redirectURI(_ text: String) throws -> RedirectURI {
            switch RedirectURI.register(text) {
            case .success(let uri): return uri
            case .failure(let refusal): throw ConfigurationError("--redirect-uri \(text) cannot be used. \(refusal.message).")
            }
        }

        private static func network(_ text: String) throws -> IPNetwork {
            switch IPNetwork.read(text) {
            case .success(let network): return network
            case .failure(let refusal): throw ConfigurationError("--allow-from \(text) cannot be used. \(refusal.message).")
            }
        }

        private static func scopeSet(_ text: String) throws -> ScopeSet {
            guard let set = ScopeSet(try list(text, "--scopes").joined(separator: " ")) else {
                throw ConfigurationError("--scopes knows \(ScopeSet(Scope.allCases).text), not all of \(text).")
            }
            return set
        }

        private static func clientID(_ text: String) throws -> ClientID {
            guard let id = ClientID(text) else {
                throw ConfigurationError("--client-id takes 3 to 60 lower-case letters, digits and dashes, not \(text).")
            }
            return id
        }

        /// What a script's unset variable leaves empty is a mistake: without its list an app would be let in from anywhere.
        private static func list(_ text: String, _ flag: String) throws -> [String] {
            let values = text.split { $0 == "," || $0 == " " }.map(String.init)
            guard !values.isEmpty else { throw ConfigurationError("\(flag) has no value: name at least one, or leave it out.") }
            return values
        }

        private static func parse<Value: RawRepresentable & CaseIterable>(_: Value.Type, _ text: String, _ flag: String) throws -> Value
        where Value.RawValue == String {
            guard let value = Value(rawValue: text) else {
                throw ConfigurationError("\(flag) takes \(Value.allCases.map(\.rawValue).joined(separator: ", ")), not \(text).")
            }
            return value
        }
    }
}
