import Applications
public import ArgumentParser
import Composition
import Events
import Identity
import Primitives
import Storage

extension Population: ExpressibleByArgument {}

extension Staff {
    /// `wekeza staff reset-second-factor`: for somebody who lost phone and recovery codes, once it is sure who asks.
    struct ResetSecondFactor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Turn off the two-step sign-in of somebody who lost their phone.",
            discussion: "Their password alone signs in until they turn it on again. Make sure who asks: this is what a thief of a password would ask for.")

        @OptionGroup var setup: SetupOptions

        @Option(help: "The email they sign in with; of a customer the username, @ and the handle of the organisation whose sandbox it is.")
        var email: String

        @Option(help: "Whether they are staff, a developer or a customer.")
        var population = Population.staff

        func run() async throws {
            let (bench, rootKey) = try await setup.openKeys()
            let now = bench.clock.now
            let factors = SecondFactors(rootKey: rootKey, randomness: bench.randomness)
            let changes = SecondFactorChanges(factors: factors, secondStep: SecondStep(database: bench.database, factors: factors))
            let wasOn = try await bench.database.write { [email, population] tx -> Bool? in
                guard let person = try Self.find(email, population, in: tx) else { return nil }
                return try changes.reset(of: person.id, by: .commandLine, at: now, requestID: nil, in: tx)
            }
            await bench.database.close()
            guard let wasOn else {
                throw ConfigurationError("\(email) is nobody among \(population.rawValue == "staff" ? "staff" : "\(population.rawValue)s").")
            }
            guard wasOn else { throw ConfigurationError("\(email) has no two-step sign-in.") }
            print("\(email) signs in with the password alone.")
        }

        private static func find(_ name: String, _ population: Population, in tx: any ReadTransaction) throws -> Person? {
            guard population == .customer else { return try People().find(signInName: name, population: population, in: tx) }
            guard let at = name.lastIndex(of: "@"), let organisation = try Organisations().find(handle: String(name[name.index(after: at)...]), in: tx) else {
                return nil
            }
            return try People().find(signInName: String(name[..<at]), population: .customer, world: organisation.world, in: tx)
        }
    }
}
