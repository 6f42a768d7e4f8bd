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

    /// Lets `pg_restore` read the list of what a dump holds. One that is older than the `pg_dump` that wrote it refuses.
    /// - Parameter dump: the descriptor of a file, which is read from its beginning.
    /// - Throws: `StorageError`, also when there is no `pg_restore`.
    public func check(_ dump: Int32) async throws { try await run("pg_restore", ["--list"], reading: dump) }

    /// Fills the database, whole or not at all.
    /// - Parameter dump: the descriptor of a file, which is read from its beginning.
    /// - Parameter clearing: drops what of the dump is there already, the mark of an unfinished restore; without it the database has to be empty.
    public func restore(from dump: Int32, clearing: Bool) async throws {
        try await run(
            "pg_restore",
            ["--exit-on-error", "--single-transaction"] + (clearing ? ["--clean", "--if-exists"] : [])
                + ["--no-owner", "--no-privileges", "--schema=public", "--dbname="], reading: dump)
    }

    private func run(_ program: String, _ arguments: [String], reading input: Int32? = nil) async throws {
        guard let executable = Self.find(program) else {
            throw StorageError.failed(reason: "\(program) is not on the PATH: install PostgreSQL's client programs, in the server's version or newer")
        }
        guard let address = PostgresAddress(url) else { throw StorageError.failed(reason: "the database's address cannot be read") }
        // As the nodes do, it looks for the primary, unless the address says otherwise. A restore knows one that goes on by its name, whatever the address says.
        let environment = ProcessInfo.processInfo.environment.merging(["PGTARGETSESSIONATTRS": "primary"]) { $1 }.merging(address.environment) { $1 }
            .merging(["PGAPPNAME": program]) { $1 }
        // `--dbname=` without a name connects to PGDATABASE; no address or password stands in the list of processes.
        let arguments = arguments.map { $0 == "--dbname=" ? "--dbname=\(environment["PGDATABASE"] ?? "")" : $0 }
        let (status, said) = try await Self.launch(executable, arguments, environment, input)
        guard status == 0 else { throw StorageError.failed(reason: "\(program): \(said)") }
    }

    private static func find(_ program: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// - Returns: the exit code and the first line of what it complained about.
    private static func launch(
        _ executable: String, _ arguments: [String], _ environment: [String: String], _ input: Int32?
    ) async throws -> (status: Int32, said: String) {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        let process = Process()
                        let complaints = Pipe()
                        process.executableURL = URL(fileURLWithPath: executable)
                        process.arguments = arguments
                        process.environment = environment
                        // Who writes a file and who reads it share one place in it.
                        if let input { lseek(input, 0, SEEK_SET) }
                        process.standardInput = input.map { FileHandle(fileDescriptor: $0, closeOnDealloc: false) } ?? FileHandle.nullDevice
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
