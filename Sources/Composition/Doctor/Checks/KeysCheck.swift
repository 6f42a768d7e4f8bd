internal import Primitives

/// The master key opens what the database holds sealed.
struct KeysCheck: Check {
    private let name = "signing keys"

    func run(_ setUp: SetUp) async -> [Finding] {
        guard setUp.hasDatabase, let found = try? MasterKeyFile.find(directory: setUp.configuration.dataDirectory, environment: setUp.environment),
            let opening = try? await setUp.look({ try RootKeys.Opening(by: found, in: $0) })
        else { return [] }
        let counts = opening.signingKeys
        guard opening.isComplete else {
            let closed = opening.opensRootKey == false ? "the root key" : "\(counts.sealed) of \(counts.all) signing keys"
            return [
                .problem(
                    name, "The master key does not open \(closed) in the database: it belongs to another deployment, or is one of before a change.",
                    "Put the master key in place that the database was made with, or the one that wekeza keys change-master made last.")
            ]
        }
        return [.ok(name, counts.all == 0 ? "There are none yet: the first start makes them." : "The master key opens all \(counts.all).")]
    }
}
