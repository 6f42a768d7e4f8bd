import AccessTokens
import Identity
import OAuth
public import Primitives
public import Storage

/// The authorization codes: a code is kept with the answer that it stands for (`AuthorizationAnswers`), by its digest.
struct AuthorizationCodes: Sendable {
    /// How long a code may be redeemed. RFC 6749 §4.1.2 recommends at most 600 seconds; FAPI 2.0 asks for 60.
    static let lifetime = Duration.seconds(60)

    /// What a redeemed code stands for.
    struct Redeemed: Sendable {
        let grantID: GrantID
        let nonce: String?
        /// `amr`
        let methods: [String]
    }

    enum Outcome: Sendable {
        case redeemed(Redeemed)
        case refused(Refusal)
    }

    enum Refusal: Hashable, Sendable {
        case unknown
        case otherClient
        case expired(at: Timestamp)
        /// - The one that the authorization request named.
        case otherRedirectURI(String)
        /// - What was to be answered; `nil` when nothing was.
        case wrongVerifier(CodeChallenge?)
        /// It is bound to another DPoP key (RFC 9449 §10), or no proof came.
        case otherKey
        /// It was redeemed before: what it obtained is to be revoked (RFC 6749 §4.1.2).
        case replayed(GrantID)
    }

    /// Spends a code by one conditional write, which holds every condition: a wrong attempt does not spend it, and of many right ones one wins.
    /// - Parameter more: what is written together with the spending.
    func redeem(
        _ code: AuthorizationCode, by client: ClientID, redirectURI: String, verifier: CodeVerifier?, dpopKey: String?, at now: Timestamp,
        with more: (@Sendable (any WriteTransaction) throws -> Void)? = nil, in database: any Database
    ) async throws -> Outcome {
        // RFC 9700 §4.8.2: a verifier for a code that was asked for without a challenge is refused too.
        let challenge = verifier?.challenge.text ?? ""
        let spending: SQL = """
            UPDATE answered_authorization
            SET consumed_at = \(now)
            WHERE id = \(code.authorizationID) AND code_digest = \(code.digest) AND client_id = \(client.text) AND redirect_uri = \(redirectURI) AND code_challenge = \(challenge)
                AND (dpop_jkt IS NULL OR dpop_jkt = \(dpopKey)) AND code_expires_at > \(now) AND consumed_at IS NULL
            RETURNING grant_id, nonce, methods
            """
        let spent: Row? =
            if let more {
                try await database.write { tx in
                    let row = try tx.first(spending)
                    if row != nil { try more(tx) }
                    return row
                }
            } else {
                try await database.writeOne(spending).first
            }
        guard let row = spent else {
            let refusal = try await refusal(of: code, by: client, redirectURI: redirectURI, verifier: verifier, dpopKey: dpopKey, at: now, in: database)
            return .refused(refusal ?? .unknown)  // there is one: each of the write's conditions is asked
        }
        let methods: String = try row["methods"]
        return .redeemed(
            Redeemed(grantID: try row["grant_id"], nonce: try row["nonce"], methods: methods.split(separator: " ").map(String.init)))
    }

    /// What stands against redeeming a code.
    /// - Returns: `nil` when nothing does; it is not spent.
    func refusal(
        of code: AuthorizationCode, by client: ClientID, redirectURI: String, verifier: CodeVerifier?, dpopKey: String?, at now: Timestamp,
        in database: any Database
    ) async throws -> Refusal? {
        let row = try await database.readOne { tx in
            try tx.first(
                """
                SELECT grant_id, client_id, redirect_uri, code_challenge, dpop_jkt, code_expires_at, consumed_at
                FROM answered_authorization
                WHERE id = \(code.authorizationID) AND code_digest = \(code.digest)
                """)
        }
        guard let row else { return .unknown }
        guard try row["client_id"] == client.text else { return .otherClient }
        if let _: Timestamp = try row["consumed_at"] { return .replayed(try row["grant_id"]) }
        let expiresAt: Timestamp = try row["code_expires_at"]
        guard now.seconds < expiresAt.seconds else { return .expired(at: expiresAt) }
        let asked: String = try row["redirect_uri"]
        guard asked == redirectURI else { return .otherRedirectURI(asked) }
        let announced: String = try row["code_challenge"]
        guard announced == verifier?.challenge.text ?? "" else { return .wrongVerifier(announced.isEmpty ? nil : CodeChallenge(stored: announced)) }
        let bound: String? = try row["dpop_jkt"]
        return bound == nil || bound == dpopKey ? nil : .otherKey
    }
}

extension SQL.StringInterpolation {
    /// The id of the grant that a code leads to, whoever asks and whatever became of it.
    mutating func appendInterpolation(grantOf code: AuthorizationCode) {
        appendLiteral("(SELECT grant_id FROM answered_authorization WHERE id = ")
        appendInterpolation(code.authorizationID)
        appendLiteral(" AND code_digest = ")
        appendInterpolation(code.digest)
        appendLiteral(")")
    }
}

/// Forgets what has expired, a kind at a time: a background job.
public enum AuthorizationPurge: String, CaseIterable, Sendable {
    case pushedRequests = "pushed authorization requests"
    case answers = "answered authorizations"
    case registrationLimits = "registration limits"
    case robotWishes = "robot wishes"

    /// - Returns: how many, at most `limit`.
    public func run(at now: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        switch self {
        case .pushedRequests:
            try tx.execute(
                """
                DELETE FROM pushed_authorization_request
                WHERE digest IN (
                    SELECT digest FROM pushed_authorization_request WHERE expires_at < \(now - WrongClock.memory) ORDER BY expires_at LIMIT \(limit))
                """)
        case .answers:
            // Kept for a day after their request expired, so that a replay of a code is recognised.
            try tx.execute(
                """
                DELETE FROM answered_authorization
                WHERE id IN (SELECT id FROM answered_authorization WHERE expires_at < \(now - .days(1)) ORDER BY expires_at LIMIT \(limit))
                """)
        case .registrationLimits: try RegistrationLimit().purge(at: now, limit: limit, in: tx)
        case .robotWishes: try RobotWishes().purge(at: now, limit: limit, in: tx)
        }
    }
}

/// What becomes of codes after the records were brought back from a backup.
public struct AuthorizationRestoration: Sendable {
    public init() {}

    /// Codes that wait expire now: they may have been redeemed meanwhile. So do pushed requests, which may have been answered.
    /// - Returns: how many codes.
    public func run(at now: Timestamp, in tx: any WriteTransaction) throws -> Int {
        try tx.execute("UPDATE pushed_authorization_request SET expires_at = \(now) WHERE expires_at > \(now)")
        // A code waits no longer than its lifetime behind what it answers, and those are found by an index.
        return try tx.execute(
            """
            UPDATE answered_authorization SET code_expires_at = \(now)
            WHERE expires_at > \(now - AuthorizationCodes.lifetime) AND consumed_at IS NULL AND code_expires_at > \(now)
            """)
    }
}
