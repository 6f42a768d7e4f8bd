import Applications
import OAuth
import Primitives
import Storage
import Web

/// An authorization request that its app pushed, before the customer came.
struct PushedRequest: Sendable {
    let id: AuthorizationID
    let parameters: RequestParameters
    let isSigned: Bool
    let isAnswered: Bool
}

/// The pushed authorization requests (RFC 9126), by the digest of their reference; what they ask is sealed.
struct PushedRequests: Sendable {
    private let sealer: Sealer
    private let randomness: any RandomSource

    init(rootKey: RootKey, randomness: any RandomSource) {
        sealer = Sealer(rootKey, purpose: "pushed-authorization-request")
        self.randomness = randomness
    }

    /// How long a customer may take from the app to our page. RFC 9126 §2.2: short; FAPI 2.0 §5.3.2.2 wants less than 600 seconds.
    static let lifetime = Duration.seconds(90)
    /// How many may wait for the customers of one app.
    static let mostOfOneApp = 10_000

    private static let prefix = "urn:ietf:params:oauth:request_uri:"

    static func isOurs(_ uri: String) -> Bool { uri.hasPrefix(prefix) }

    /// - Returns: the `request_uri`, with 256 random bits; `nil` when too many wait already.
    func insert(_ parameters: RequestParameters, isSigned: Bool, of app: AppID, at now: Timestamp, in database: any Database) async throws -> String? {
        let reference = Secret.random(prefix: "", from: randomness)
        let sealed = sealer.seal(Array(Parameters(parameters.pairs).urlEncoded.utf8))
        let inserted = try await database.writeOne(
            """
            INSERT INTO pushed_authorization_request (digest, authorization_id, app_id, sealed_parameters, is_signed, expires_at)
            SELECT \(reference.digest), \(AuthorizationID(at: now, from: randomness)), \(app), \(sealed), \(isSigned), \(now + Self.lifetime)
            WHERE (SELECT COUNT(*) FROM pushed_authorization_request WHERE app_id = \(app) AND expires_at > \(now)) < \(Self.mostOfOneApp)
            RETURNING authorization_id
            """)
        return inserted.count == 1 ? Self.prefix + reference.value : nil
    }

    /// - Returns: `nil` for an unknown or expired one, and for one of another app.
    func find(_ uri: String, of app: AppID, at now: Timestamp, in tx: any ReadTransaction) throws -> PushedRequest? {
        guard Self.isOurs(uri), uri.utf8.count <= 200 else { return nil }
        let digest = Digest(of: String(uri.dropFirst(Self.prefix.count)))
        let row = try tx.first(
            """
            SELECT authorization_id, sealed_parameters, is_signed,
                (SELECT answer FROM answered_authorization WHERE id = authorization_id) IS NOT NULL AS is_answered
            FROM pushed_authorization_request
            WHERE digest = \(digest) AND app_id = \(app) AND expires_at > \(now)
            """)
        guard let row, let bytes = sealer.open(try row["sealed_parameters"]),
            let parameters = Parameters(urlEncoded: String(decoding: bytes, as: UTF8.self))
        else { return nil }
        return PushedRequest(
            id: try row["authorization_id"], parameters: RequestParameters(parameters.pairs), isSigned: try row["is_signed"],
            isAnswered: try row["is_answered"])
    }
}
