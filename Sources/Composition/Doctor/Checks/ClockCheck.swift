internal import Primitives
internal import Storage

/// The clock agrees with the database server's, and has not run behind what was recorded.
struct ClockCheck: Check {
    private let name = "clock"
    private static let tolerance = Duration.seconds(2)

    func run(_ setUp: SetUp) async -> [Finding] {
        guard setUp.hasDatabase else { return [.ok(name, "It says \(setUp.clock.now.rfc3339).")] }
        let before = setUp.clock.now
        guard let (server, newest) = try? await setUp.look({ try (Self.serverTime(in: $0), Self.newestEntry(in: $0)) }) else { return [] }
        let after = setUp.clock.now
        // The server answered somewhere between the two.
        if let server, server < before - Self.tolerance || server > after + Self.tolerance {
            let skew = server < before ? before - server : server - after
            let seconds = skew.milliseconds / 1000
            return [
                .problem(
                    name, "This machine's clock is \(seconds) seconds \(server < before ? "ahead of" : "behind") the database server's.",
                    "Let both follow the same time server: run chronyc tracking, or timedatectl, on each.")
            ]
        }
        if let newest, newest > after + Self.tolerance {
            return [
                .problem(
                    name, "It says \(after.rfc3339), and the newest record is of \(newest.rfc3339).",
                    "Set the clock and let it follow a time server: tokens issued now would count as expired.")
            ]
        }
        return [.ok(name, server == nil ? "It says \(after.rfc3339), later than every record." : "It agrees with the database server's within 2 seconds.")]
    }

    private static func serverTime(in tx: any ReadTransaction) throws -> Timestamp? {
        guard tx.engine == .postgres else { return nil }
        let milliseconds: Int64? = try tx.first("SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT AS now")?["now"]
        return milliseconds.map { Timestamp(milliseconds: $0) }
    }

    private static func newestEntry(in tx: any ReadTransaction) throws -> Timestamp? {
        guard try tx.hasTable("audit_log") else { return nil }
        return try tx.first("SELECT occurred_at FROM audit_log ORDER BY id DESC LIMIT 1")?["occurred_at"]
    }
}
