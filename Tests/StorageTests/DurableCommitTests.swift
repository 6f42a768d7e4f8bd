import Storage
import StoragePostgres
import TestSupport
import Testing

@Suite("PostgreSQL's commits", .enabled(if: Engine.available.contains(.postgres)))
struct DurableCommitTests {
    /// What a connection goes by where the server, the role or the address says this, and who set it.
    private func setting(where configured: String) async throws -> (value: String, source: String)? {
        try await withPlace(.postgres) { place in
            let option = (place.address.contains("?") ? "&" : "?") + "options=-c%20synchronous_commit%3D\(configured)"
            let db = try await PostgresDatabase.open(url: place.address + option, connections: 1, logger: .quiet)
            let found = try await db.read { tx in
                try tx.first("SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'")
                    .map { (value: try $0["setting"] as String, source: try $0["source"] as String) }
            }
            await db.close()
            return found
        }
    }

    @Test(arguments: ["off", "on"])
    func `wait for the disk where the server is told not to, and where a reload would tell it`(configured: String) async throws {
        let found = try await setting(where: configured)

        #expect(found?.value == "on")
        // No configuration file stands above it.
        #expect(found?.source == "session")
    }

    @Test(arguments: ["local", "remote_write", "remote_apply"])
    func `wait for a standby as the operator has it, and for the disk where a reload would tell them not to`(configured: String) async throws {
        let found = try await setting(where: configured)

        #expect(found?.value == configured)
        #expect(found?.source == "session")
    }
}
