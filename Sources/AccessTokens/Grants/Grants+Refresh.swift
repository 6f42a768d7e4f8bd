internal import Events
internal import OAuth
public import Primitives
public import Storage

/// What became of a refresh.
public enum RefreshOutcome: Sendable {
    /// - generation: of the refresh token to hand out.
    case refreshed(Grant, generation: Int64)
    case refused(RefreshRefusal)
}

public enum RefreshRefusal: String, Error, Hashable, Sendable {
    case unknownGrant, revoked, expired
    /// A token of an earlier generation: whoever holds it is not who holds the latest one. The family has been revoked.
    case replayed
    /// A generation that no answer carried yet.
    case neverIssued
}

extension Grants {
    /// How long the previous token still gives the same successor: the answer to the first attempt may have been lost.
    public static let replayWindow = Duration.seconds(60)

    /// Spends a refresh token, by one conditional write.
    /// - Parameter rotating: public clients get a new generation (RFC 9700 §4.14.2); confidential ones keep theirs, their authentication protects it.
    public func refresh(
        _ presented: PresentedRefreshToken, rotating: Bool, at now: Timestamp, requestID: RequestID?, in database: any Database
    ) async throws -> RefreshOutcome {
        let step: Int64 = rotating ? 1 : 0
        let rotatedAt = rotating ? now : nil
        let rows = try await database.writeOne(
            """
            UPDATE token_grant
            SET generation = generation + \(step), rotated_at = COALESCE(\(rotatedAt), rotated_at)
            WHERE id = \(presented.grantID) AND generation = \(presented.generation) AND client_id = \(presented.clientID.text)
                AND revoked_at IS NULL AND expires_at > \(now)
            RETURNING \(columnsOf: Grant.self)
            """)
        if let grant = try rows.first.map(Grant.init) { return .refreshed(grant, generation: grant.generation) }
        return try await explain(presented, at: now, requestID: requestID, in: database)
    }

    /// Another generation is current, or the grant has ended.
    private func explain(
        _ presented: PresentedRefreshToken, at now: Timestamp, requestID: RequestID?, in database: any Database
    ) async throws -> RefreshOutcome {
        guard let grant = try await database.readOne({ try find(presented.grantID, in: $0) }), grant.clientID == presented.clientID else {
            return .refused(.unknownGrant)
        }
        guard grant.revokedAt == nil else { return .refused(.revoked) }
        guard now < grant.expiresAt else { return .refused(.expired) }
        guard presented.generation < grant.generation else { return .refused(.neverIssued) }
        if grant.forgivesReplay(of: presented.generation, at: now) { return .refreshed(grant, generation: grant.generation) }
        _ = try await database.write { try revoke(grant.id, because: .refreshTokenReplayed, by: .app(grant.appID), at: now, requestID: requestID, in: $0) }
        return .refused(.replayed)
    }
}

extension Grant {
    /// The token before the latest one, within the window, while the latest one is unused: using it makes the next generation.
    public func forgivesReplay(of presented: Int64, at now: Timestamp) -> Bool {
        guard presented == generation - 1, let rotatedAt else { return false }
        // A clock that was set back since does not open the window for longer.
        return now < rotatedAt + Grants.replayWindow && now > rotatedAt - Grants.replayWindow
    }

    /// Whether this is the latest token of a grant that lives.
    public func isCurrent(_ presented: PresentedRefreshToken, at now: Timestamp) -> Bool {
        isLive(at: now) && clientID == presented.clientID && generation == presented.generation
    }
}
