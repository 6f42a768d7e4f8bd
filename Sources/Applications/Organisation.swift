public import Primitives
import Storage

/// A company of developers.
public struct Organisation: Hashable, Sendable {
    public let id: OrganisationID
    public let name: String
    /// Lower-case letters, digits and dashes, unique: names the sandbox world where people type it (`amina.traveler@acme-budget`).
    public let handle: String
    /// The sandbox world whose customers its apps meet: its own, or one that it shares (apps made on the command line join the demo world).
    public let world: OrganisationID
    public let plan: Plan
    public let createdAt: Timestamp
    /// The demo world's own organisation: a bare sign-in name at `/my` means it.
    public let isDemo: Bool
}

extension Organisation {
    init(_ row: Row) throws {
        self.init(
            id: try row["id"], name: try row["name"], handle: try row["handle"], world: try row["world_id"], plan: try row["plan"],
            createdAt: try row["created_at"],
            isDemo: try row["is_demo"])
    }
}
