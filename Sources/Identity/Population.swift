public import Storage

/// The three kinds of people. They never mix: a name, a password or a session of one says nothing in another.
public enum Population: String, CaseIterable, Sendable, Codable, SQLBindable, SQLReadable {
    /// A customer of the bank, living in one organisation's sandbox world.
    case customer
    /// A partner's developer.
    case developer
    /// The bank's own staff.
    case staff
}
