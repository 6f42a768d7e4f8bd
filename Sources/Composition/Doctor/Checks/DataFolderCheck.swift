internal import Foundation

/// The data folder, the embedded database and what lies beside it are this user's, and nobody else may change them.
struct DataFolderCheck: Check {
    private let name = "data folder"

    func run(_ setUp: SetUp) async -> [Finding] {
        [folder(setUp.configuration.dataDirectory)] + (setUp.databaseFile.map { [file($0)] + neighbours(of: $0) } ?? [])
    }

    private func folder(_ path: String) -> Finding {
        guard let mode = FileMode(path) else {
            let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard FileManager.default.isWritableFile(atPath: parent) else {
                return .problem(
                    name, "\(path) does not exist, and this user may not make it in \(parent).",
                    "Make it and give it to the server's user, as StateDirectory= of systemd does, or name another with --data.")
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

    /// SQLite's log with its index, and the memory of what was used once. One that another user made, with sudo perhaps, ends the start as the file would.
    private func neighbours(of path: String) -> [Finding] {
        let replays = "\(path)-replays"
        let inside = ((try? FileManager.default.contentsOfDirectory(atPath: replays)) ?? []).sorted().map { "\(replays)/\($0)" }
        let owner = FileMode(path)?.owner
        let advice = "Run: chown -R USER \(path)*, with the user that the server runs as."
        return (["\(path)-wal", "\(path)-shm", replays] + inside).compactMap { (neighbour: String) -> Finding? in
            let isWritable = FileManager.default.isWritableFile(atPath: neighbour)
            // It may not be there, or no more: a running server makes and removes them.
            guard let mode = FileMode(neighbour) else { return nil }
            guard isWritable else { return Finding.problem("database file", "This user may not write to \(neighbour).", advice) }
            guard owner == nil || mode.owner == owner else {
                return Finding.problem("database file", "\(neighbour) belongs to another user than \(path).", advice)
            }
            return nil
        }
    }
}
