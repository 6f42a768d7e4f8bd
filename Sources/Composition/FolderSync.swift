internal import Foundation

/// A file's name in its folder outlives a power cut once the folder itself is synced.
enum FolderSync {
    /// - Returns: `false` when the system refuses.
    @discardableResult
    static func settle(folderOf path: String) -> Bool {
        let descriptor = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }
}
