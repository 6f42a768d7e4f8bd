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
    private let codes = AuthorizationCodes()
    private let grants = Grants()

    init(database: any Database, tokens: AccessTokenIssuer, idTokens: IDTokenIssuer, refreshTokens: RefreshTokens) {
        self.database = database
        self.tokens = tokens
        self.idTokens = idTokens
        self.refreshTokens = refreshTokens
    }

    func respond(to request: TokenRequest) async throws -> TokenOutcome {
        guard let text = request.parameters["code"] else {
            return .refused(.against(.parameterSent, "The parameter code is missing.", parameter: "code", expected: "an authorization code"))
        }
        guard let redirectURI = request.parameters["redirect_uri"] else {
            return .refused(
                .against(
                    .parameterSent, "The parameter redirect_uri is missing: send the one of the authorization request.", parameter: "redirect_uri",
                    expected: "the redirect_uri of the authorization request"))
        }
        let verifier = request.parameters["code_verifier"].map(CodeVerifier.init)
        if case .some(nil) = verifier {
            return .refused(
                .against(
                    .verifierForm, "The code_verifier is not 43 to 128 letters, digits, dashes, dots, underscores and tildes.",
                    expected: "43 to 128 characters",
                    received: .secret(request.parameters["code_verifier"])))
        }
        let redemption = Redemption(
            code: AuthorizationCode(text), redirectURI: redirectURI, verifier: verifier ?? nil, detail: request.detail, binding: request.binding,
            app: request.client.app,
            requestID: request.requestID, now: request.now)
        switch try await redeem(redemption) {
        case .success(let obtained): return .issued(try await issue(obtained, to: request.client.app, binding: request.binding, at: request.now))
        case .failure(let refusal): return .refused(refusal.error(code: text, redemption))
        }
    }

    private struct Redemption: Sendable {
        /// `nil` for what is no code of ours.
        let code: AuthorizationCode?
        let redirectURI: String
        let verifier: CodeVerifier?
        let detail: AuthorizationDetail?
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
        case detail(OAuthError)

        func error(code: String, _ redemption: Redemption) -> OAuthError {
            switch self {
            case .code(.unknown): .against(.codeKnown, "The code is unknown.", received: .secret(code))
            case .code(.otherClient): .against(.codeOfApp, "The code was issued to another app.", received: .secret(code))
            case .code(.expired(let end)):
                .against(
                    .codeFresh, "The code has expired: it works for 60 seconds.", expected: "within 60 seconds",
                    received: .note("\(redemption.now.seconds - end.seconds) seconds too late"))
            case .code(.otherRedirectURI(let asked)):
                .against(
                    .codeRedirectURI, "The redirect_uri is not the one of the authorization request.", expected: asked, received: .value(redemption.redirectURI)
                )
            case .code(.wrongVerifier(let challenge)):
                .against(
                    .verifier, "The code_verifier is missing or does not answer the code_challenge.",
                    expected: challenge.map { "a verifier whose S256 is \($0.text)" } ?? "no code_verifier: none was announced",
                    received: redemption.verifier.map { .note("one whose S256 is \($0.challenge.text)") })
            case .code(.otherKey):
                .against(
                    .codeKey, "The code is bound to another DPoP key than the one of the proof.", expected: "the key of dpop_jkt",
                    received: redemption.binding.dpopKey.map { .value("the key \($0)") } ?? nil)
            case .code(.replayed): .against(.codeOnce, "The code was used before; what it obtained has been revoked.", received: .secret(code))
            case .standing(let refusal): refusal.error
            case .detail(let error): error
            }
        }
    }

    /// Whether tokens may be issued on the grant is looked at before the code is spent: a replay that comes right behind ends the grant, not this answer. The code
    /// is spent, whatever stands against the grant.
    private func redeem(_ redemption: Redemption) async throws -> Result<Obtained, Refusal> {
        let (app, now) = (redemption.app, redemption.now)
        guard let code = redemption.code, let standing = try await GrantStanding.find(.code(code), at: now, in: database) else {
            return .failure(.code(.unknown))
        }
        let grantID = standing.grant.id
        let dpopKey = redemption.binding.dpopKey
        if let asked = redemption.detail, let error = standing.grant.refusal(of: asked) {
            // Like every wrong attempt it does not spend the code. What the grant holds is told to whom it would have been given.
            let refusal = try await codes.refusal(
                of: code, by: app.clientID, redirectURI: redemption.redirectURI, verifier: redemption.verifier, dpopKey: dpopKey, at: now, in: database)
            if let refusal { return .failure(try await refused(refusal, redemption)) }
            return .failure(standing.refusal.map(Refusal.standing) ?? .detail(error))
        }
        // A public client proves nothing when it refreshes but that it holds the key.
        let binding = app.isPublic ? dpopKey.map { key in { @Sendable [grants] tx in try grants.bind(grantID, to: key, in: tx) } } : nil
        let outcome = try await codes.redeem(
            code, by: app.clientID, redirectURI: redemption.redirectURI, verifier: redemption.verifier, dpopKey: dpopKey, at: now, with: binding, in: database)
        switch outcome {
        case .redeemed(let code):
            if let refusal = standing.refusal { return .failure(.standing(refusal)) }
            return .success(Obtained(grant: standing.grant, code: code))
        case .refused(let refusal): return .failure(try await refused(refusal, redemption))
        }
    }

    /// RFC 6749 §4.1.2: what a code obtained ends when the code comes again.
    private func refused(_ refusal: AuthorizationCodes.Refusal, _ redemption: Redemption) async throws -> Refusal {
        if case .replayed(let grant) = refusal {
            _ = try await database.write {
                try grants.revoke(
                    grant, because: .codeReplayed, by: .app(redemption.app.id), at: redemption.now, requestID: redemption.requestID, in: $0)
            }
        }
        return .code(refusal)
    }

    private func issue(_ obtained: Obtained, to app: App, binding: TokenBinding, at now: Timestamp) async throws -> TokenResponse {
        let grant = obtained.grant
        // Scopes that the app has lost since are not given.
        let scope = grant.scope.intersection(app.scopes)
        let access = try tokens.issue(.customer(grant, to: app, scope: scope, binding: binding), at: now)
        var response = TokenResponse(access: access, detail: grant.detail)
        if app.grantTypes.contains(.refreshToken) {
            response.refreshToken = refreshTokens.token(of: grant.id, generation: grant.generation, for: app.clientID)
        }
        if scope.contains(.openid) {
            response.idToken = try await idTokens.issue(
                for: grant, to: app, nonce: obtained.code.nonce, methods: obtained.code.methods, accessToken: access.token, at: now)
        }
        return response
    }
}
