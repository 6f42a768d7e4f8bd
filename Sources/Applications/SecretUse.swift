public import Primitives
public import Storage
internal import Synchronization

/// When and from where secrets were last used, to the minute. Noted in memory on the token path, written by a background job.
public final class SecretUse: Sendable {
    private struct Use {
        var at: Timestamp
        var address: String
    }

    private struct State {
        var pending: [SecretID: Use] = [:]
        /// What was written last, so that a busy secret costs one write a minute.
        var written: [SecretID: Int64] = [:]
    }

    private let state = Mutex(State())
    private let database: any Database

    public init(database: any Database) { self.database = database }

    public func note(_ secret: SecretID, from address: String, at now: Timestamp) {
        let minute = now.seconds / 60
        state.withLock { state in
            guard state.written[secret] != minute, state.pending[secret] != nil || state.pending.count < Self.capacity else { return }
            state.pending[secret] = Use(at: Timestamp(seconds: minute * 60), address: address)
        }
    }

    /// Writes what was noted, in one transaction. What a failure kept from being written stays noted for the next time.
    public func flush() async throws {
        let uses = state.withLock { state in
            let uses = state.pending
            state.pending = [:]
            return uses
        }
        guard !uses.isEmpty else { return }
        do {
            try await database.write { tx in
                let rows = uses.sorted { $0.key < $1.key }.map { [$0.key.sqlValue, $0.value.at.sqlValue, $0.value.address.sqlValue] }
                var rest = rows[...]
                // A hundred thousand apps that all call have thousands to write, while every other writer waits. Few sizes, so that few statements are prepared.
                for size in [256, 16, 1] {
                    while rest.count >= size {
                        try Self.write(rest.prefix(size), in: tx)
                        rest = rest.dropFirst(size)
                    }
                }
            }
        } catch {
            state.withLock { state in state.pending.merge(uses) { newer, _ in newer } }
            throw error
        }
        state.withLock { state in
            if state.written.count > Self.capacity { state.written = [:] }
            for (secret, use) in uses { state.written[secret] = use.at.seconds / 60 }
        }
    }

    private static func write(_ uses: ArraySlice<[SQLValue]>, in tx: any WriteTransaction) throws {
        try tx.execute(
            """
            WITH latest (secret_id, used_at, address) AS (VALUES \(rows: Array(uses)))
            UPDATE app_secret
            SET last_used_at = latest.used_at, last_used_from = latest.address
            FROM latest
            WHERE app_secret.id = latest.secret_id AND (app_secret.last_used_at IS NULL OR app_secret.last_used_at < latest.used_at)
            """)
    }

    private static let capacity = 10_000
}
