internal import Primitives
internal import Storage

/// The master key is there, sound, and secret.
struct MasterKeyCheck: Check {
    private let name = "master key"

    func run(_ setUp: SetUp) async -> [Finding] {
        let directory = setUp.configuration.dataDirectory
        let isGiven = setUp.environment[.masterKey] != nil
        do {
            guard try MasterKeyFile.find(directory: directory, environment: setUp.environment) != nil else {
                // A database without its key is a mistake; neither yet is a new deployment.
                guard await hasKeys(setUp) else { return [.ok(name, "There is none yet: the first start makes it.")] }
                return [
                    .problem(
                        name, "There is no \(MasterKeyFile.path(in: directory)), and the database holds keys that it sealed.",
                        "Put the deployment's master.key there, or set WEKEZA_MASTER_KEY. A start would make another that opens nothing.")
                ]
            }
            return [.ok(name, isGiven ? "WEKEZA_MASTER_KEY holds one." : "\(MasterKeyFile.path(in: directory)) holds one, for this user alone.")]
        } catch {
            return [
                .problem(name, "\(error)", isGiven ? "Set WEKEZA_MASTER_KEY to the deployment's key." : "Do what the sentence says, then run the doctor again.")
            ]
        }
    }

    private func hasKeys(_ setUp: SetUp) async -> Bool {
        guard setUp.hasDatabase else { return false }
        return
            (try? await setUp.look { tx in
                try RootKeyRecord().sealed(in: tx) != nil || (tx.hasTable("signing_key") && tx.first("SELECT kid FROM signing_key LIMIT 1") != nil)
            }) ?? false
    }
}
