import ArgumentParser
import Composition
import Foundation

extension Keys {
    /// `wekeza keys change-master`: seals the keys in the database under another master key.
    struct ChangeMaster: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal the database's keys under another master key; running servers work on.",
            discussion: """
                Nothing that was handed out ends: the master key seals the root key that everything else is made with. A server that starts afterwards needs \
                the new key. The old one opens the backups that were made with it, and their signing keys: where others may have both, docs/operations.md \
                says what to do besides.
                """)

        @OptionGroup var setup: SetupOptions

        @Option(help: "The file of the new master key; it is made when it is not there.")
        var to: String

        func run() async throws {
            let (configuration, master, logger) = try setup.openVault()
            let change = try await MasterKeyChange(configuration, from: master, logger: logger).run(to: to)
            print(
                """
                \(change == .sealedAlready ? "The master key in \(to) sealed the keys already." : "The keys in the database are sealed under the master key in \(to) now.")
                Keep a copy of the old one elsewhere, as long as you keep backups that were made with it: they are restored with it.
                Then put the new one in its place (DATA/master.key or WEKEZA_MASTER_KEY) on every node. Running servers work on; a start with the old one is refused.
                """)
            if change == .changedAroundOldKey {
                print(
                    """
                    This deployment was made before there were root keys, and its root key is the old master key itself: whoever has that one still makes what \
                    it makes. Where others may have it, do what docs/operations.md says for that.
                    """)
            }
        }
    }
}
