import Events
import Primitives
import Storage

/// What the customers of a sandbox world sign in with. In demo mode it is the one that everybody knows; elsewhere each world has its own, drawn at random and
/// kept sealed, because the organisation's developers read it in the portal.
struct WorldPasswords: Sendable {
    private let sealer: Sealer
    /// Of passwords that were sealed by the key of what travels, as every one was once.
    private let older: Sealer
    private let randomness: any RandomSource
    /// The password of worlds that have none of their own: in demo mode only.
    let shared: String?

    private static let purpose = "portal.world_password"

    /// - Parameters:
    ///   - rootKey: seals what is kept; a restore leaves it as it is.
    ///   - shared: `nil` where no default credentials are allowed.
    init(rootKey: RootKey, travelKey: RootKey, randomness: any RandomSource, shared: String?) {
        sealer = Sealer(rootKey, purpose: Self.purpose)
        older = Sealer(travelKey, purpose: Self.purpose)
        self.randomness = randomness
        self.shared = shared
    }

    /// Whether worlds get passwords of their own.
    var areOwn: Bool { shared == nil }

    /// - Returns: `nil` for a world that waits for its first password, or whose password does not open.
    func find(_ world: OrganisationID, in tx: any ReadTransaction) throws -> String? {
        switch try state(of: world, in: tx) {
        case .open(let password): password
        case .closed: nil
        case .missing: shared
        }
    }

    /// What is kept of a world's password.
    enum State: Sendable {
        case open(String)
        /// Sealed by a key that is not at hand.
        case closed
        case missing
    }

    func state(of world: OrganisationID, in tx: any ReadTransaction) throws -> State {
        guard let row = try tx.first("SELECT sealed FROM portal_world_password WHERE world_id = \(world)") else { return .missing }
        let sealed: String = try row["sealed"]
        return (sealer.open(sealed) ?? older.open(sealed)).map { State.open(String(decoding: $0, as: UTF8.self)) } ?? .closed
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
        if let kept = try find(world, in: tx) { return kept }
        // There is one that does not open: nobody could read what these customers sign in with.
        try replace(world, with: drawn, at: now, in: tx)
        return drawn
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

    /// Seals by the root key what an older version sealed by another.
    func sealAnew(in tx: any WriteTransaction) throws {
        try tx.walk {
            "SELECT world_id AS id, sealed FROM portal_world_password WHERE world_id > \($0) ORDER BY world_id LIMIT 2000"
        } _: { rows in
            for row in rows {
                let (world, sealed): (String, String) = (try row["id"], try row["sealed"])
                guard sealer.open(sealed) == nil, let password = older.open(sealed) else { continue }
                try tx.execute("UPDATE portal_world_password SET sealed = \(sealer.seal(password)) WHERE world_id = \(world)")
            }
        }
    }

    func remove(_ world: OrganisationID, in tx: any WriteTransaction) throws {
        try tx.execute("DELETE FROM portal_world_password WHERE world_id = \(world)")
    }

    /// Four groups of four letters and digits, about 80 bits: people type it.
    func draw() -> String {
        let letters = Array(randomness.alphanumerics(16).lowercased())
        return stride(from: 0, to: 16, by: 4).map { String(letters[$0..<$0 + 4]) }.joined(separator: "-")
    }
}
