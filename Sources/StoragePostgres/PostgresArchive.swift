internal import CPostgres
internal import Foundation
import Storage

/// A database of a server as a whole, copied and brought back by PostgreSQL's own `pg_dump` and `pg_restore`.
public struct PostgresArchive: Sendable {
    private let url: String

    public init(url: String) { self.url = url }

    /// Writes the database as it stands at one moment, in `pg_dump`'s custom format, without the list of the schema's steps: a dump that somebody brings back
    /// by hand cannot be served. The memory of what was used once is left out too: brought back, it would believe to know what happened since.
    public func dump(to path: String) async throws {
        let leftOut = ["migration", "used_once", "replay_memory"].map { "--exclude-table-data=public.\($0)" }
        try await run("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", "--schema=public"] + leftOut + ["--file=\(path)"])
    }

    /// Fills the empty database, whole or not at all.
    public func restore(from path: String) async throws {
        try await run(
            "pg_restore",
            ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", "--schema=public", "--dbname=", path])
    }

    private func run(_ program: String, _ arguments: [String]) async throws {
        guard let executable = Self.find(program) else {
            throw StorageError.failed(reason: "\(program) is not on the PATH: install PostgreSQL's client programs, in the server's version or newer")
        }
        let environment = ProcessInfo.processInfo.environment.merging(try settings) { $1 }
        // `--dbname=` without a name connects to PGDATABASE; no address or password stands in the list of processes.
        let arguments = arguments.map { $0 == "--dbname=" ? "--dbname=\(environment["PGDATABASE"] ?? "")" : $0 }
        let (status, said) = try await Self.launch(executable, arguments, environment)
        guard status == 0 else { throw StorageError.failed(reason: "\(program): \(said)") }
    }

    /// libpq's variables for the address.
    private var settings: [String: String] {
        get throws {
            var complaint: UnsafeMutablePointer<CChar>?
            guard let options = PQconninfoParse(url, &complaint) else {
                defer { PQfreemem(complaint) }
                throw StorageError.failed(reason: complaint.map { String(cString: $0) } ?? "the address cannot be read")
            }
            defer { PQconninfoFree(options) }
            var settings: [String: String] = [:]
            var option = options
            while option.pointee.keyword != nil {
                if let name = option.pointee.envvar, let value = option.pointee.val { settings[String(cString: name)] = String(cString: value) }
                option += 1
            }
            return settings
        }
    }

    private static func find(_ program: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// - Returns: the exit code and the first line of what it complained about.
    private static func launch(_ executable: String, _ arguments: [String], _ environment: [String: String]) async throws -> (status: Int32, said: String) {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        let process = Process()
                        let complaints = Pipe()
                        process.executableURL = URL(fileURLWithPath: executable)
                        process.arguments = arguments
                        process.environment = environment
                        process.standardInput = FileHandle.nullDevice
                        process.standardOutput = FileHandle.nullDevice
                        process.standardError = complaints
                        try process.run()
                        let said = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                        process.waitUntilExit()
                        return (process.terminationStatus, said.split(whereSeparator: \.isNewline).first.map(String.init) ?? "no reason was given")
                    })
            }
        }
    }
}
