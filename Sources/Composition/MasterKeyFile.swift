internal import Foundation
public import Primitives

/// Where the master key comes from: `WEKEZA_MASTER_KEY` (43 characters of base64url), or a file that only its owner may read.
public enum MasterKeyFile {
    /// Reads the key, or makes it with the first start.
    /// - Throws: `ConfigurationError` when the file is broken or others may read it.
    public static func load(directory: String, environment: [String: String], randomness: any RandomSource) throws -> MasterKey {
        if let key = try given(environment) { return key }
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw ConfigurationError("--data must name a folder that can be made and written to; \(directory) cannot.")
        }
        return try readOrMake(path(in: directory), randomness: randomness)
    }

    /// - Throws: `ConfigurationError` when the file is broken, others may read it, or it cannot be made.
    static func readOrMake(_ path: String, randomness: any RandomSource) throws -> MasterKey {
        try create(path, randomness: randomness)
        return try read(path)
    }

    /// Reads the key and makes nothing.
    /// - Returns: `nil` when there is none.
    /// - Throws: `ConfigurationError` when it is broken or others may read it.
    public static func find(directory: String, environment: [String: String]) throws -> MasterKey? {
        if let key = try given(environment) { return key }
        let path = path(in: directory)
        return FileManager.default.fileExists(atPath: path) ? try read(path) : nil
    }

    static func path(in directory: String) -> String { "\(directory)/master.key" }

    private static func given(_ environment: [String: String]) throws -> MasterKey? {
        guard let text = environment[.masterKey] else { return nil }
        guard let key = Base64URL.decode(text).flatMap(MasterKey.init(bytes:)) else {
            throw ConfigurationError("WEKEZA_MASTER_KEY must be 32 bytes as base64url, 43 characters.")
        }
        return key
    }

    private static func read(_ path: String) throws -> MasterKey {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let mode = (attributes[.posixPermissions] as? Int) ?? 0o777
        guard mode & 0o077 == 0 else {
            throw ConfigurationError("\(path) can be read by others: run chmod 600 \(path) and start again.")
        }
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw ConfigurationError("\(path) cannot be read by this user: give it to the user that the servers run as.")
        }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let key = Base64URL.decode(text.trimmingCharacters(in: .whitespacesAndNewlines)).flatMap(MasterKey.init(bytes:))
        else {
            throw ConfigurationError("\(path) does not hold a master key: restore it from your backup. Without it, sealed keys stay closed.")
        }
        return key
    }

    /// Makes the file unless it is there. The whole key appears at once under its name, so that two processes that start together agree on one.
    private static func create(_ path: String, randomness: any RandomSource) throws {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        let draft = "\(path).\(randomness.alphanumerics(8))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw ConfigurationError("\(path) cannot be written: give this user the right to write to its folder.") }
        defer { unlink(draft) }
        let text = Array((Base64URL.encode(randomness.bytes(32)) + "\n").utf8)
        let written = write(descriptor, text, text.count) == text.count && fsync(descriptor) == 0
        close(descriptor)
        guard written else { throw ConfigurationError("\(path) cannot be written: is the disk full?") }
        guard link(draft, path) == 0 || errno == EEXIST else { throw ConfigurationError("\(path) cannot be made beside \(draft).") }
        guard FolderSync.settle(folderOf: path) else { throw ConfigurationError("The folder of \(path) cannot be synced to the disk.") }
    }
}
