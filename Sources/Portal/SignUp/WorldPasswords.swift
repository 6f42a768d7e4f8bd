import Events
import Primitives
import Storage

/// What the customers of a sandbox world sign in with. In demo mode it is the one that everybody knows; elsewhere each world has its own, drawn at random and
/// kept sealed, because the organisation's developers read it in the portal.
struct WorldPasswords: Sendable {
    private let sealer: Sealer
    private let randomness: any RandomSource
    /// The password of worlds that have none of their own: in demo mode only.
    private let shared: String?

    /// - Parameter shared: `nil` where no default credentials are allowed.
    init(rootKey: RootKey, randomness: any RandomSource, shared: String?) {
        sealer = Sealer(rootKey, purpose: "portal.world_password")
        self.randomness = randomness
        self.shared = shared
    }

    /// Whether worlds get passwords of their own.
    var areOwn: Bool { shared == nil }

    /// - Returns: `nil` for a world that waits for its first password.
    func find(_ world: OrganisationID, in tx: any ReadTransaction) throws -> String? {
        guard let row = try tx.first("SELECT sealed FROM portal_world_password WHERE world_id = \(world)") else { return shared }
        let sealed: String = try row["sealed"]
        return sealer.open(sealed).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The password of a world that is being made: two processes that make it at once agree on one.
    func findOrDraw(_ world: OrganisationID, at now: Timestamp, in tx: any WriteTransaction) throws -> String {
        if let known = try find(world, in: tx) { return known }
        let drawn = draw()
        try tx.execute(
            """
            INSERT INTO portal_world_password (world_id, sealed, changed_at)
            VALUES (\(world), \(sealer.seal(Array(drawn.utf8))), \(now))
            ON CONFLICT (world_id) DO NOTHING
            """)
        return try find(world, in: tx) ?? drawn
    }

    /// Keeps another password; whoever asks sets it for the customers in the same transaction.
    func replace(_ world: OrganisationID, with password: String, at now: Timestamp, in tx: any WriteTransaction) throws {
        let sealed = sealer.seal(Array(password.utf8))
        try tx.execute(
            """
            INSERT INTO portal_world_password (world_id, sealed, changed_at)
            VALUES (\(world), \(sealed), \(now))
            ON CONFLICT (world_id) DO UPDATE SET sealed = \(sealed), changed_at = \(now)
            """)
    }

    /// Four groups of four letters and digits, about 80 bits: people type it.
    func draw() -> String {
        let letters = Array(randomness.alphanumerics(16).lowercased())
        return stride(from: 0, to: 16, by: 4).map { String(letters[$0..<$0 + 4]) }.joined(separator: "-")
    }
}
