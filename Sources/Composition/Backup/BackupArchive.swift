internal import Crypto
internal import Foundation
internal import Primitives

/// The file of a backup: `manifest.json`, its authentication code, and the database, in a tar archive.
struct BackupArchive {
    let path: String

    private static let manifestName = "manifest.json"
    private static let codeName = "manifest.mac"
    /// More is no manifest.
    private static let manifestLimit: Int64 = 1 << 20
    private static let chunk = 1 << 20

    /// Writes the archive under another name beside it, on the disk before it appears under its own.
    /// - Throws: `ConfigurationError` when there is such a file already.
    func write(_ manifest: BackupManifest, database: String, authenticator: MessageAuthenticator) throws {
        let text = try manifest.encoded
        let draft = "\(path).partial"
        let file = try Self.create(draft)
        defer { unlink(draft) }
        try Self.append(text, as: Self.manifestName, to: file)
        try Self.append(Array(authenticator.code(for: String(decoding: text, as: UTF8.self)).utf8), as: Self.codeName, to: file)
        let header = TarHeader(name: manifest.database.name, size: manifest.database.bytes)
        try file.write(contentsOf: Data(header.block))
        let copy = try FileHandle(forReadingFrom: URL(fileURLWithPath: database))
        try Self.forEachChunk(of: copy, at: database, bytes: manifest.database.bytes) { try file.write(contentsOf: $0) }
        // Two empty blocks end an archive.
        try file.write(contentsOf: Data(count: header.padding + 2 * TarHeader.blockSize))
        try Self.settle(file)
        guard link(draft, path) == 0 else { throw ConfigurationError("\(path) is there already: a backup never replaces another.") }
        FolderSync.settle(folderOf: path)
    }

    /// Reads the manifest and checks that this deployment wrote it.
    func open(authenticator: MessageAuthenticator) throws -> OpenedBackup {
        guard let file = FileHandle(forReadingAtPath: path) else { throw ConfigurationError("There is no backup \(path) that can be read.") }
        let text = try entry(Self.manifestName, of: file)
        let code = try entry(Self.codeName, of: file)
        guard authenticator.isValid(String(decoding: code, as: UTF8.self), for: String(decoding: text, as: UTF8.self)) else {
            throw ConfigurationError(
                "\(path) was made under another master key, or was changed since: put the master key of its deployment in place and try again.")
        }
        guard let manifest = try? BackupManifest(decoding: text) else { throw notABackup }
        guard manifest.format == BackupManifest.currentFormat else {
            throw ConfigurationError("\(path) is of format \(manifest.format), which this version does not read: use the version that made it.")
        }
        guard let header = try header(of: file), header.name == manifest.database.name, header.size == manifest.database.bytes else { throw notABackup }
        return OpenedBackup(path: path, manifest: manifest, file: file)
    }

    private func entry(_ name: String, of file: FileHandle) throws -> [UInt8] {
        guard let header = try header(of: file), header.name == name, header.size <= Self.manifestLimit else { throw notABackup }
        let size = Int(header.size)
        guard let bytes = try Self.read(size + header.padding, of: file, at: path), bytes.count == size + header.padding else { throw notABackup }
        return Array(bytes.prefix(size))
    }

    private func header(of file: FileHandle) throws -> TarHeader? {
        try Self.read(TarHeader.blockSize, of: file, at: path).flatMap { TarHeader(Array($0)) }
    }

    private var notABackup: ConfigurationError { ConfigurationError("\(path) is not a backup of this platform, or it was cut short.") }

    private static func append(_ bytes: [UInt8], as name: String, to file: FileHandle) throws {
        let header = TarHeader(name: name, size: Int64(bytes.count))
        try file.write(contentsOf: Data(header.block + bytes + [UInt8](repeating: 0, count: header.padding)))
    }

    // MARK: Files

    /// Makes a file for its owner alone.
    static func create(_ path: String) throws -> FileHandle {
        unlink(path)
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw ConfigurationError("\(path) cannot be written: its folder has to be one that this user may write to.") }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    static func settle(_ file: FileHandle) throws {
        try file.synchronize()
        try file.close()
    }

    /// - Throws: `ConfigurationError` when the file cannot be read, and what the body throws.
    static func forEachChunk(of file: FileHandle, at path: String, bytes: Int64, _ body: (Data) throws -> Void) throws {
        var left = bytes
        while left > 0 {
            guard let chunk = try read(Int(min(left, Int64(Self.chunk))), of: file, at: path), !chunk.isEmpty else { return }
            left -= Int64(chunk.count)
            try body(chunk)
        }
    }

    private static func read(_ count: Int, of file: FileHandle, at path: String) throws -> Data? {
        do { return try file.read(upToCount: count) } catch { throw ConfigurationError("\(path) cannot be read: it is no file, or its disk fails.") }
    }

    static func digest(of path: String) throws -> (bytes: Int64, sha256: String) {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        var (hash, bytes) = (SHA256(), Int64(0))
        try forEachChunk(of: file, at: path, bytes: .max) {
            hash.update(data: $0)
            bytes += Int64($0.count)
        }
        return (bytes, Base64URL.encode(hash.finalize()))
    }
}

/// A backup whose manifest is genuine; its file stands before the database.
struct OpenedBackup {
    let path: String
    let manifest: BackupManifest
    fileprivate let file: FileHandle

    /// Writes the database to a file of its own.
    /// - Throws: `ConfigurationError` when it cannot be read, there is no room for it, or it is not what the manifest says.
    func extract(to destination: String) throws {
        let copy = try BackupArchive.create(destination)
        try write(to: copy, at: destination)
        try copy.close()
    }

    /// Writes the database to a file that loses its name at once: whatever ends the process, nothing of it stays behind.
    /// - Throws: as `extract(to:)`.
    func extractUnnamed(at place: String) throws -> FileHandle {
        let copy = try BackupArchive.create(place)
        unlink(place)
        try write(to: copy, at: place)
        return copy
    }

    private func write(to copy: FileHandle, at destination: String) throws {
        var hash = SHA256()
        do {
            try BackupArchive.forEachChunk(of: file, at: path, bytes: manifest.database.bytes) {
                hash.update(data: $0)
                try copy.write(contentsOf: $0)
            }
            try copy.synchronize()
        } catch let unreadable as ConfigurationError {
            throw unreadable
        } catch {
            throw ConfigurationError("\(path) cannot be copied to \(destination): is the disk full?")
        }
        guard Base64URL.encode(hash.finalize()) == manifest.database.sha256 else {
            throw ConfigurationError("\(path) is damaged: its database is not the one that was written. Use another backup.")
        }
    }
}
