internal import Foundation

/// There is room where files grow, on a disk that keeps what it confirms.
struct DiskCheck: Check {
    private static let least: Int64 = 200 << 20
    private static let comfortable: Int64 = 1 << 30

    func run(_ setUp: SetUp) async -> [Finding] {
        let folders = [setUp.configuration.dataDirectory] + (setUp.databaseFile.map { [URL(fileURLWithPath: $0).deletingLastPathComponent().path] } ?? [])
        let places = Set(folders.map { Self.existing(URL(fileURLWithPath: $0).standardizedFileURL.path) })
        return places.sorted().map(room) + (setUp.databaseFile.map { network($0) } ?? [])
    }

    private func room(_ folder: String) -> Finding {
        var facts = statvfs()
        guard statvfs(folder, &facts) == 0 else {
            return .warning("disk", "The free space of \(folder) cannot be read.", "Look at it yourself: df \(folder)")
        }
        let free = Int64(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
        let found = "\(free >> 20) MB are free in \(folder)"
        guard facts.f_files == 0 || facts.f_favail > 100 else {
            return .problem("disk", "\(found), and no more files can be made.", "Delete small files, or move the folder to another disk.")
        }
        return switch free {
        case ..<Self.least: .problem("disk", "\(found): writes fail soon.", "Free some space, or move the folder to a larger disk.")
        case ..<Self.comfortable: .warning("disk", "\(found).", "Free some space before it runs out.")
        default: .ok("disk", "\(found).")
        }
    }

    /// SQLite's log needs memory shared between processes, which network file systems do not give.
    private func network(_ file: String) -> [Finding] {
        let folder = Self.existing(URL(fileURLWithPath: file).standardizedFileURL.deletingLastPathComponent().path)
        guard let kind = Self.fileSystem(of: folder), ["nfs", "nfs4", "cifs", "smb3", "smbfs"].contains(kind) else { return [] }
        return [.problem("disk", "\(folder) is on a network file system (\(kind)), where SQLite loses data.", "Use a local disk, or PostgreSQL.")]
    }

    /// As the system's list of mounts has it; `nil` where there is no such list.
    private static func fileSystem(of folder: String) -> String? {
        let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        let places = mounts.split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.count > 2 }
        let holding = places.filter { folder == $0[1] || $0[1] == "/" || folder.hasPrefix("\($0[1])/") }
        return holding.max { $0[1].count < $1[1].count }.map { String($0[2]) }
    }

    private static func existing(_ path: String) -> String {
        var url = URL(fileURLWithPath: path)
        while !FileManager.default.fileExists(atPath: url.path), url.path != "/" { url.deleteLastPathComponent() }
        return url.path
    }
}
