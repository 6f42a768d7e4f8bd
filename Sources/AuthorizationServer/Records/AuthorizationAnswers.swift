import OAuth
import Primitives
import Storage

/// The answers to authorizations, each of which has one, whichever tab gives it. An approval's row is its code's too (`AuthorizationCodes`).
struct AuthorizationAnswers: Sendable {
    enum Answer: String, SQLBindable, SQLReadable {
        case approved
        case rejected
    }

    /// Approves, with the code that is handed out and the grant that it leads to.
    ///
    /// One that was answered before is a conflict (`StorageError.conflict`).
    /// - Parameters:
    ///   - methods: `amr`
    ///   - isLate: whether its row is inserted when the transaction ends.
    func approve(
        _ transaction: AuthorizationTransaction, with code: AuthorizationCode, for grant: GrantID, methods: [String], late isLate: Bool,
        at now: Timestamp, in tx: any WriteTransaction
    ) throws {
        let row = [
            transaction.id.sqlValue, Answer.approved.sqlValue, now.sqlValue, transaction.expiresAt.sqlValue, code.digest.sqlValue, grant.sqlValue,
            transaction.clientID.text.sqlValue, transaction.redirectURI.sqlValue, (transaction.codeChallenge?.text ?? "").sqlValue,
            transaction.dpopKey.sqlValue, transaction.nonce.sqlValue, methods.joined(separator: " ").sqlValue,
            (now + AuthorizationCodes.lifetime).sqlValue,
        ]
        try tx.insert(
            [row], late: isLate, into: "answered_authorization",
            "id, answer, answered_at, expires_at, code_digest, grant_id, client_id, redirect_uri, code_challenge, dpop_jkt, nonce, methods, code_expires_at")
    }

    /// - Returns: `false` when it was answered before; the statement itself decides.
    func reject(_ transaction: AuthorizationTransaction, at now: Timestamp, in tx: any WriteTransaction) throws -> Bool {
        try tx.execute(
            """
            INSERT INTO answered_authorization (id, answer, answered_at, expires_at)
            VALUES (\(transaction.id), \(Answer.rejected), \(now), \(transaction.expiresAt))
            ON CONFLICT (id) DO NOTHING
            """) == 1
    }

    func isAnswered(_ id: AuthorizationID, in tx: any ReadTransaction) throws -> Bool {
        try tx.first("SELECT answer FROM answered_authorization WHERE id = \(id)") != nil
    }
}
