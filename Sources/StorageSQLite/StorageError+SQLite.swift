internal import GRDB
internal import Storage

extension StorageError {
    /// What a body threw leaves as it is; what SQLite refused becomes ours.
    static func translating(_ error: any Error) -> any Error {
        error is GRDB.DatabaseError ? StorageError(sqlite: error) : error
    }

    /// - Parameter activity: what was being done, such as a migration's name.
    init(sqlite error: any Error, during activity: String? = nil) {
        if let error = error as? StorageError {
            self = error
            return
        }
        guard let error = error as? GRDB.DatabaseError else {
            self = .failed(reason: "\(error)")
            return
        }
        let message = (activity.map { "\($0): " } ?? "") + (error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID, .SQLITE_CONSTRAINT_FOREIGNKEY:
            // "UNIQUE constraint failed: app.client_id"
            self = .conflict(constraint: message.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? message)
        default:
            self = Self.passing.contains(error.resultCode) ? .unavailable(reason: message) : .failed(reason: message)
        }
    }

    /// Trouble that passes by itself or by an operator's hand, without a restart. Misuse is what a closed connection answers.
    private static let passing: [ResultCode] = [
        .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PROTOCOL, .SQLITE_NOMEM, .SQLITE_MISUSE,
        .SQLITE_INTERRUPT,
    ]
}
