public import Primitives
public import Storage

/// A journal entry.
public struct EntryID: Identifier, SQLBindable, SQLReadable {
    public static let prefix = "ent_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}
