import AccessTokens
import Applications
import Consents
import Events
import OAuth
import Primitives
import Storage

/// RFC 6749 §4.1.3 with RFC 7636 §4.5.
struct AuthorizationCodeGrant: TokenGrant {
    let type = GrantType.authorizationCode
    let database: any Database
    let tokens: AccessTokenIssuer
    let idTokens: IDTokenIssuer
    let refreshTokens: RefreshTokens
    let revocations: Revocations
    private let codes = AuthorizationCodes()
    private let grants = Grants()
    private let standing = GrantStanding()

    init(
        database: any Database, tokens: AccessTokenIssuer, idTokens: IDTokenIssuer, refreshTokens: RefreshTokens, revocations: Revocations
    ) {
        self.database = database
        self.tokens = tokens
        self.idTokens = idTokens
        self.refreshTokens = refreshTokens
        self.revocations = revocations
    }

    func respond(to request: TokenRequest) async throws -> TokenOutcome {
        guard let code = request.parameters["code"] else { return .refused(.invalidRequest("The parameter code is missing.")) }
        guard let redirectURI = request.parameters["redirect_uri"] else {
            return .refused(.invalidRequest("The parameter redirect_uri is missing: send the one of the authorization request."))
        }
        let verifier = request.parameters["code_verifier"].map(CodeVerifier.init)
        if case .some(nil) = verifier {
            return .refused(.invalidGrant("The code_verifier is not 43 to 128 letters, digits, dashes, dots, underscores and tildes."))
        }
        let redemption = Redemption(
            digest: Digest(of: String(code.prefix(200))), redirectURI: redirectURI, verifier: verifier ?? nil, binding: request.binding,
            app: request.client.app,
            requestID: request.requestID, now: request.now)
        switch try await redeem(redemption) {
        case .success(let obtained): return .issued(try await issue(obtained, to: request.client.app, binding: request.binding, at: request.now))
        case .failure(let refusal):
            if case .code(.replayed(let grant)) = refusal { revocations.noteRevoked(grant) }
            return .refused(refusal.error)
        }
    }

    private struct Redemption: Sendable {
        let digest: Digest
        let redirectURI: String
        let verifier: CodeVerifier?
        let binding: TokenBinding
        let app: App
        let requestID: RequestID
        let now: Timestamp
    }

    private struct Obtained: Sendable {
        let grant: Grant
        let code: AuthorizationCodes.Redeemed
    }

    private enum Refusal: Error {
        case code(AuthorizationCodes.Refusal)
        case standing(GrantStanding.Refusal)

        var error: OAuthError {
            switch self {
            case .code(.unknown): .invalidGrant("The code is unknown.")
            case .code(.otherClient): .invalidGrant("The code was issued to another app.")
            case .code(.expired): .invalidGrant("The code has expired: it works for 60 seconds.")
            case .code(.otherRedirectURI): .invalidGrant("The redirect_uri is not the one of the authorization request.")
            case .code(.wrongVerifier): .invalidGrant("The code_verifier is missing or does not answer the code_challenge.")
            case .code(.otherKey): .invalidGrant("The code is bound to another DPoP key than the one of the proof.")
            case .code(.replayed): .invalidGrant("The code was used before; what it obtained has been revoked.")
            case .standing(let refusal): refusal.error
            }
        }
    }

    private func redeem(_ redemption: Redemption) async throws -> Result<Obtained, Refusal> {
        let (app, now) = (redemption.app, redemption.now)
        let (outcome, grant) = try await database.write { tx -> (AuthorizationCodes.Outcome, Grant?) in
            let outcome = try codes.redeem(
                redemption.digest, by: app.clientID, redirectURI: redemption.redirectURI, verifier: redemption.verifier,
                dpopKey: redemption.binding.dpopKey, at: now, in: tx)
            switch outcome {
            case .redeemed(let code):
                // A public client proves nothing when it refreshes but that it holds the key.
                if app.isPublic, let key = redemption.binding.dpopKey { try grants.bind(code.grantID, to: key, in: tx) }
                // As it is at this moment: a replay that comes right behind ends the grant, not this answer.
                return (outcome, try grants.find(code.grantID, in: tx))
            case .refused(.replayed(let grant)):
                try grants.revoke(grant, because: .codeReplayed, by: .app(app.id), at: now, requestID: redemption.requestID, in: tx)
                return (outcome, nil)
            case .refused: return (outcome, nil)
            }
        }
        switch outcome {
        case .redeemed(let code):
            // The code is spent, whatever has become of its consent.
            switch try await standing.check(grant, at: now, in: database) {
            case .success(let grant): return .success(Obtained(grant: grant, code: code))
            case .failure(let refusal): return .failure(.standing(refusal))
            }
        case .refused(let refusal): return .failure(.code(refusal))
        }
    }

    private func issue(_ obtained: Obtained, to app: App, binding: TokenBinding, at now: Timestamp) async throws -> TokenResponse {
        let grant = obtained.grant
        let access = try tokens.issue(.customer(grant, to: app, scope: grant.scope, binding: binding), at: now)
        var response = TokenResponse(access: access)
        if app.grantTypes.contains(.refreshToken) {
            response.refreshToken = refreshTokens.token(of: grant.id, generation: grant.generation, for: app.clientID)
        }
        if grant.scope.contains(.openid) {
            response.idToken = try await idTokens.issue(
                for: grant, to: app, nonce: obtained.code.nonce, methods: obtained.code.methods, accessToken: access.token, at: now)
        }
        return response
    }
}
