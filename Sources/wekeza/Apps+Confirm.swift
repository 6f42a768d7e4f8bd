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

        /// In a transaction. One of very many would be open for longer than other nodes look for its changes.
        private static let batch = 100

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
            let ids = try await bench.database.read { [all] tx in
                let register = Applications.Apps()
                return
                    try all
                    ? ApplicationsRestoration().held(in: tx)
                    : wanted.map { id in
                        guard let app = try register.find(id, in: tx) else { throw ConfigurationError("There is no app with the client id \(id).") }
                        return app.id
                    }
            }
            var confirmed = 0
            for start in stride(from: 0, to: ids.count, by: Self.batch) {
                let batch = ids[start..<min(start + Self.batch, ids.count)]
                confirmed += try await bench.database.write { tx in
                    try batch.count { try ApplicationsRestoration().confirm($0, by: .commandLine, at: now, requestID: nil, in: tx) }
                }
            }
            await bench.database.close()
            print("\(confirmed) of the apps were held and work again.")
        }
    }
}
