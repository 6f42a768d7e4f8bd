import Primitives
import Storage

/// Which authorizations have been answered: each has one answer, whichever tab gives it.
struct AuthorizationAnswers: Sendable {
    enum Answer: String, SQLBindable, SQLReadable {
        case approved
        case rejected
    }

    /// - Returns: `false` when it was answered before; the statement itself decides.
    func claim(_ transaction: AuthorizationTransaction, as answer: Answer, at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        try tx.execute(
            """
            INSERT INTO authorization_answer (authorization_id, answer, answered_at, expires_at)
            VALUES (\(transaction.id), \(answer), \(now), \(transaction.expiresAt))
            ON CONFLICT (authorization_id) DO NOTHING
            """) == 1
    }

    func isAnswered(_ id: AuthorizationID, in tx: any ReadTransaction) throws -> Bool {
        try tx.first("SELECT answer FROM authorization_answer WHERE authorization_id = \(id)") != nil
    }
}
