import Storage
import TestSupport

/// A database as another process sees it: it hears of changes by the log alone.
final class OtherProcess: ForwardingDatabase {
    let behind: any Database
    let ownChanges = OwnChanges()

    init(_ database: any Database) { behind = database }
}
