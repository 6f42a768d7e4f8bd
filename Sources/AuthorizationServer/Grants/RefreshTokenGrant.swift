import AccessTokens
import Applications
import Consents
import OAuth
import Primitives
import Storage

/// RFC 6749 §6 as docs/decisions/0003-refresh-tokens.md decides it.
struct RefreshTokenGrant: TokenGrant {
    let type = GrantType.refreshToken
    let database: any Database
    let tokens: AccessTokenIssuer
    let refreshTokens: RefreshTokens
    private let grants = Grants()

    init(database: any Database, tokens: AccessTokenIssuer, refreshTokens: RefreshTokens) {
        self.database = database
        self.tokens = tokens
        self.refreshTokens = refreshTokens
    }

    func respond(to request: TokenRequest) async throws -> TokenOutcome {
        let app = request.client.app
        guard let text = request.parameters["refresh_token"] else {
            return .refused(.against(.parameterSent, "The parameter refresh_token is missing.", parameter: "refresh_token", expected: "a refresh token"))
        }
        guard let presented = refreshTokens.read(text, from: app.clientID) else {
            return .refused(.against(.refreshKnown, "The refresh token is unknown or was issued to another app.", received: .secret(text)))
        }
        var asked: ScopeSet?
        if let text = request.parameters["scope"] {
            guard let scope = ScopeSet(text), !scope.isEmpty else {
                return .refused(.against(.scopeKnown, "A scope is unknown.", expected: app.scopes.text, received: .value(text)))
            }
            asked = scope
        }
        switch try await refresh(presented, asked: asked, request) {
        case .success(let refreshed):
            let access = try tokens.issue(.customer(refreshed.grant, to: app, scope: refreshed.scope, binding: request.binding), at: request.now)
            let token = refreshTokens.token(of: refreshed.grant.id, generation: refreshed.generation, for: app.clientID)
            return .issued(TokenResponse(access: access, detail: refreshed.grant.detail, refreshToken: token))
        case .failure(let refusal): return .refused(refusal.error(token: text, request))
        }
    }

    private struct Refreshed: Sendable {
        let grant: Grant
        let generation: Int64
        let scope: ScopeSet
    }

    private enum Refusal: Error {
        case refresh(RefreshRefusal)
        case standing(GrantStanding.Refusal)
        case scope(allowed: ScopeSet)
        case detail(OAuthError)
        case otherKey(String)

        func error(token: String, _ request: TokenRequest) -> OAuthError {
            switch self {
            case .refresh(.unknownGrant), .refresh(.neverIssued): .against(.refreshKnown, "The refresh token is unknown.", received: .secret(token))
            case .refresh(.revoked): .against(.grantLive, "The grant was revoked.")
            case .refresh(.expired): .against(.grantLive, "The grant has expired.")
            case .refresh(.replayed): .against(.refreshOnce, "The refresh token was used before; its grant has been revoked.", received: .secret(token))
            case .standing(let refusal): refusal.error
            case .detail(let error): error
            case .otherKey(let key):
                .against(
                    .refreshKey, "The refresh token is bound to another DPoP key than the one of the proof.", expected: "the key \(key)",
                    received: request.binding.dpopKey.map { .value("the key \($0)") } ?? nil)
            case .scope(let allowed):
                .against(
                    .refreshScope, "A refresh can narrow the granted scope, not widen it.", expected: allowed.text,
                    received: .value(request.parameters["scope"]))
            }
        }
    }

    /// A refused refresh does not move the generation.
    private func refresh(_ presented: PresentedRefreshToken, asked: ScopeSet?, _ request: TokenRequest) async throws -> Result<Refreshed, Refusal> {
        let (app, now) = (request.client.app, request.now)
        guard let standing = try await GrantStanding.find(.id(presented.grantID), at: now, in: database) else { return .failure(.refresh(.unknownGrant)) }
        let before = standing.grant
        // RFC 9449 §5: the refresh tokens of public clients are bound; those of confidential ones are protected by their authentication.
        if let key = before.dpopKey, request.binding.dpopKey.map({ constantTimeEqual($0, key) }) != true { return .failure(.otherKey(key)) }
        // An ended grant is explained by the refresh itself, which tells a replay from an expiry.
        if let refusal = standing.refusal, refusal != .grantEnded { return .failure(.standing(refusal)) }
        // Scopes that the app has lost since are not given again.
        let allowed = before.scope.intersection(app.scopes)
        let scope = asked ?? allowed
        let excess: Refusal? =
            scope.isSubset(of: allowed) ? request.detail.flatMap(before.refusal(of:)).map(Refusal.detail) : .scope(allowed: allowed)
        // A confidential client keeps its token, so there is nothing to write.
        if !app.isPublic, before.isCurrent(presented, at: now) {
            return excess.map(Result.failure) ?? .success(Refreshed(grant: before, generation: before.generation, scope: scope))
        }
        // A token that was used before ends its family, whatever is asked for with it.
        switch try await grants.refresh(presented, rotating: app.isPublic && excess == nil, at: now, requestID: request.requestID, in: database) {
        case .refreshed(let grant, let generation):
            return excess.map(Result.failure) ?? .success(Refreshed(grant: grant, generation: generation, scope: scope))
        case .refused(let refusal): return .failure(.refresh(refusal))
        }
    }
}
