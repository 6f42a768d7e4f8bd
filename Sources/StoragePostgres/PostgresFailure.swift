internal import Storage

/// What the server, or libpq, said went wrong.
struct PostgresFailure: Error, Equatable {
    /// SQLSTATE (PostgreSQL, Appendix A).
    let state: String
    /// The primary message: never the bound values, which stand in the detail.
    let message: String
    let constraint: String?

    /// Our patience is at its end: query_canceled, as when it is the server's.
    static let unanswered = PostgresFailure(state: "57014", message: "PostgreSQL did not answer in time", constraint: nil)
    var isUnanswered: Bool { self == .unanswered }

    /// The server's own answer to a NUL, which libpq's texts would end at.
    static let characterNotInRepertoire = PostgresFailure(state: "22021", message: "a text holds a NUL character", constraint: nil)

    var isLostConnection: Bool { state.hasPrefix("08") || state.hasPrefix("57P") }

    /// Whether a commit that ended so may have happened all the same: nobody heard. What the server itself refuses, a 57014 of its own too, did not happen.
    var leavesCommitOpen: Bool { isLostConnection || isUnanswered }

    /// A plan or a statement that is no longer what this connection prepared.
    private var isStale: Bool { state == "26000" || (state == "0A000" && message.contains("cached plan")) }

    var makesConnectionUseless: Bool { isLostConnection || isStale }

    /// serialization_failure and deadlock_detected: the server asks to run the transaction again.
    private var asksForRetry: Bool { state == "40001" || state == "40P01" }

    /// Whether a transaction that has not reached its commit may run again. One whose connection is lost did nothing.
    var isWorthRetrying: Bool { asksForRetry || makesConnectionUseless }

    /// Connections that went with it.
    var losses: Int { makesConnectionUseless ? 1 : 0 }
}

extension StorageError {
    /// What a body threw leaves as it is; what PostgreSQL refused becomes ours.
    static func translating(_ error: any Error) -> any Error {
        (error as? PostgresFailure).map { StorageError($0) } ?? error
    }

    init(_ failure: PostgresFailure) {
        switch failure.state {
        // unique_violation, foreign_key_violation
        case "23505", "23503": self = .conflict(constraint: failure.constraint ?? failure.message)
        // query_canceled by a timeout, lock_not_available, idle_in_transaction_session_timeout, serialization trouble that retrying did not cure
        case "57014", "55P03", "25P03", "40001", "40P01": self = .unavailable(reason: failure.message)
        // Connections, resources (a full disk), shutdown, the system's own I/O errors.
        case let state where ["08", "53", "57", "58"].contains(state.prefix(2)): self = .unavailable(reason: failure.message)
        default: self = .failed(reason: failure.message)
        }
    }

    /// Trouble that passes stays what it is, so that the start is tried again. Everything else, a conflict too, is between the script and what is there.
    /// - Parameter step: the migration's name.
    init(_ failure: PostgresFailure, during step: String) {
        let named = PostgresFailure(state: failure.state, message: "\(step): \(failure.message)", constraint: failure.constraint)
        let error = StorageError(named)
        self = error.isUnavailable ? error : .failed(reason: named.message)
    }
}
