import Primitives
import Storage

/// A journal entry.
package struct EntryID: Identifier, SQLBindable, SQLReadable {
    package static let prefix = "ent_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}
