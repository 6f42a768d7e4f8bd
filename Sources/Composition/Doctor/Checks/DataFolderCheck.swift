internal import Foundation

/// The data folder and the embedded database are this user's, and nobody else may change them.
struct DataFolderCheck: Check {
    private let name = "data folder"

    func run(_ setUp: SetUp) async -> [Finding] { [folder(setUp.configuration.dataDirectory)] + (setUp.databaseFile.map { [file($0)] } ?? []) }

    private func folder(_ path: String) -> Finding {
        guard let mode = FileMode(path) else {
            let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard FileManager.default.isWritableFile(atPath: parent) else {
                return .problem(
                    name, "\(path) does not exist, and this user may not make it in \(parent).",
                    "Make it and give it to the server's user, or name another with --data.")
            }
            return .ok(name, "\(path) does not exist yet: the first start makes it.")
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            return .problem(name, "This user may not write to \(path).", "Run: chown USER \(path), with the user that the server runs as.")
        }
        guard mode.isMine else {
            return .warning(name, "\(path) belongs to another user than this one.", "Run the doctor as the user that the server runs as.")
        }
        guard !mode.isWritableByOthers else {
            return .problem(name, "Others may write to \(path) and so put another master key or database there.", "Run: chmod go-w \(path)")
        }
        return .ok(name, "\(path) is this user's to write.")
    }

    private func file(_ path: String) -> Finding {
        guard let mode = FileMode(path) else { return .ok("database file", "\(path) does not exist yet: the first start makes it.") }
        guard FileManager.default.isWritableFile(atPath: path) else {
            return .problem("database file", "This user may not write to \(path).", "Run: chown USER \(path)*, with the user that the server runs as.")
        }
        guard !mode.isOpenToOthers else {
            return .warning("database file", "Others may read \(path): people's names and accounts are in it.", "Run: chmod 600 \(path)*")
        }
        return .ok("database file", "\(path) is this user's alone.")
    }
}
