import Applications
import ArgumentParser
import Composition
import Events
import OAuth
import Primitives
import Storage

extension Apps {
    /// `wekeza apps confirm`: what the developers do in the portal after a restore, for an operator who asked them.
    struct Confirm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Bring apps back into use that a restore holds.")

        @OptionGroup var setup: SetupOptions

        @Argument(help: "The client ids.")
        var clientID: [String] = []

        @Flag(help: "Every app that is held.")
        var all = false

        func validate() throws {
            guard clientID.isEmpty == all else { throw ValidationError("Name client ids, or pass --all.") }
        }

        func run() async throws {
            let wanted = try clientID.map { text in
                guard let id = ClientID(text) else { throw ConfigurationError("\(text) is no client id.") }
                return id
            }
            let bench = try await setup.openWorkbench()
            let now = bench.clock.now
            let confirmed = try await bench.database.write { [all] tx in
                let register = Applications.Apps()
                let ids =
                    try all
                    ? ApplicationsRestoration().held(in: tx)
                    : wanted.map { id in
                        guard let app = try register.find(id, in: tx) else { throw ConfigurationError("There is no app with the client id \(id).") }
                        return app.id
                    }
                return try ids.count { try ApplicationsRestoration().confirm($0, by: .commandLine, at: now, requestID: nil, in: tx) }
            }
            await bench.database.close()
            print("\(confirmed) of the apps were held and work again.")
        }
    }
}
