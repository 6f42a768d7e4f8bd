public import AccessTokens
public import Applications
import Bank
import Consents
import Identity
import JOSE
public import OAuth
import OpenBanking
public import Primitives
public import Storage
public import Web

/// The authorization endpoint without its pages (RFC 6749 §3.1): requests and decisions come in as values and go out as values; `CustomerPages` shows them.
public struct AuthorizationEndpoint: Sendable {
    let database: any Database
    let apps: AppDirectory
    let keys: SigningKeys
    let issuer: Issuer
    let randomness: any RandomSource
    let consents: Consents
    let grants: Grants
    let accounts = Accounts()
    let answers = AuthorizationAnswers()
    let wishes = RobotWishes()
    let pushed: PushedRequests
    let requestObjects: RequestObjects
    let errors: ErrorAddresses
    private let transactionSeal: TransactionSeal

    public init(
        database: any Database, apps: AppDirectory, keys: SigningKeys, clientKeys: ClientKeys, rootKey: RootKey, issuer: Issuer,
        randomness: any RandomSource = SystemRandom()
    ) {
        self.database = database
        self.apps = apps
        self.keys = keys
        self.issuer = issuer
        self.randomness = randomness
        consents = Consents(randomness: randomness)
        grants = Grants(randomness: randomness)
        pushed = PushedRequests(rootKey: rootKey, randomness: randomness)
        requestObjects = RequestObjects(keys: clientKeys, issuer: issuer)
        errors = ErrorAddresses(issuer: issuer, rootKey: rootKey)
        transactionSeal = TransactionSeal(rootKey: rootKey)
    }

    public enum Beginning: Sendable {
        /// The customer is needed: seal the transaction and take the next `step`.
        case interact(AuthorizationTransaction)
        /// 303 to the app.
        case answer(AuthorizationAnswer)
        /// An error page, status 400.
        case page(AuthorizationPageError)
    }

    /// Reads an authorization request (RFC 6749 §4.1.1), from the query or from a form (OpenID Connect Core §3.1.2.1).
    /// - Parameter query: `nil` when it cannot be decoded.
    public func begin(_ query: Parameters?, at now: Timestamp, requestID: RequestID? = nil) async throws -> Beginning {
        guard let query else { return .page(AuthorizationPageError(.malformedRequest)) }
        let outer = RequestParameters(query.pairs)
        guard let text = outer["client_id"], !outer.isRepeated("client_id") else { return .page(AuthorizationPageError(.missingClientID)) }
        guard let clientID = ClientID(text), let app = try await apps.find(clientID) else { return .page(AuthorizationPageError(.unknownClient)) }
        let errors = errors.of(app, at: .authorize, now: now)
        guard app.isActive else { return .page(AuthorizationPageError(app.isHeld ? .heldApp : .removedApp, of: app, outer, errors)) }

        let resolved: ResolvedRequest
        switch try await resolve(outer, of: app, at: now) {
        case .success(let found): resolved = found
        case .failure(.page(let kind)): return .page(AuthorizationPageError(kind, of: app, outer, errors))
        case .failure(.object(let error)): return refused(.requestObject(error), error, outer, of: app, errors)
        case .failure(.both): return refused(.requestAndReference, .requestAndReference, outer, of: app, errors)
        }
        let target: RedirectTarget
        do { target = try RedirectTarget(resolved.parameters, for: app.registeredClient) } catch {
            return .page(AuthorizationPageError(.redirectURI(error), of: app, resolved.parameters, errors))
        }
        // From here on the app is told.
        let envelope = envelope(for: resolved.parameters, of: app, target: target, errors)
        let request: AuthorizationRequest
        do { request = try self.request(resolved, of: app, target: target) } catch { return .answer(envelope.error(error)) }
        switch try await transaction(for: request, of: app, id: resolved.id, at: now) {
        case .success(let transaction):
            let answer = try await robotAnswer(to: resolved, as: transaction, of: app, at: now, requestID: requestID)
            return answer.map(Beginning.answer) ?? .interact(transaction)
        case .failure(let error): return .answer(envelope.error(error))
        }
    }

    func request(_ resolved: ResolvedRequest, of app: App, target: RedirectTarget) throws(OAuthError) -> AuthorizationRequest {
        try AuthorizationRequest(
            resolved.parameters, for: app.registeredClient, target: target, transport: resolved.transport, audience: AccessTokenIssuer.audience(of: issuer.text)
        )
    }

    /// What is wrong with a request object is told to the address beside it, when that is registered.
    private func refused(
        _ kind: AuthorizationPageError.Kind, _ error: OAuthError, _ outer: RequestParameters, of app: App, _ errors: ErrorAddresses.Of
    ) -> Beginning {
        guard let target = try? RedirectTarget(outer, for: app.registeredClient) else { return .page(AuthorizationPageError(kind, of: app, outer, errors)) }
        return .answer(envelope(for: outer, of: app, target: target, errors).error(error))
    }

    private func envelope(
        for parameters: RequestParameters, of app: App, target: RedirectTarget, _ errors: ErrorAddresses.Of
    ) -> AuthorizationAnswer.Envelope {
        AuthorizationAnswer.Envelope(
            target: target, mode: AuthorizationRequest.responseMode(of: parameters), clientID: app.clientID, algorithm: app.answerAlgorithm,
            state: AuthorizationRequest.state(of: parameters), issuer: issuer, errors: errors)
    }

    /// The checks that need more than the request itself: the lodged consent and the ID token hint.
    /// - Parameter id: of a pushed request; drawn at random for others.
    func transaction(
        for request: AuthorizationRequest, of app: App, id: AuthorizationID?, at now: Timestamp
    ) async throws -> Result<AuthorizationTransaction, OAuthError> {
        var hintedPerson: PersonID?
        if let hint = request.idTokenHint {
            guard let person = try await IDTokenHint(keys: keys, issuer: issuer).person(in: hint, for: app.clientID) else {
                return .failure(
                    .against(.idTokenHint, "The id_token_hint is not an ID token that this server issued to the app.", received: .secret(hint)))
            }
            hintedPerson = person
        }
        // OpenID Connect Core §5.5.1: with the value of `sub` that customer alone will do.
        if let subject = request.claims?.subject {
            guard let person = PersonID(subject), hintedPerson == nil || hintedPerson == person else {
                return .failure(
                    .against(.claimedSubject, "The sub in claims is no customer, or another one than in the id_token_hint.", received: .value(subject)))
            }
            hintedPerson = person
        }
        var scope = request.scope
        if let detail = request.detail {
            let consent = try await database.readOne { [consents] in try consents.find(detail.consentID, in: $0) }
            switch LodgedConsentCheck.scope(of: consent, as: detail.type, asked: request.scope, by: app, at: now) {
            case .success(let granted): scope = granted
            case .failure(let error): return .failure(error)
            }
        }
        return .success(
            AuthorizationTransaction(
                id: id ?? AuthorizationID(at: now, from: randomness), clientID: app.clientID, appID: app.id, redirectURI: request.target.address,
                responseMode: request.responseMode, scope: scope, state: request.state, nonce: request.nonce, codeChallenge: request.codeChallenge,
                dpopKey: request.dpopKey,
                consentID: request.detail?.consentID, prompts: request.prompts, maxAge: request.maxAge, loginHint: request.loginHint,
                hintedPerson: hintedPerson, authentication: request.authentication, createdAt: now, expiresAt: now + AuthorizationTransaction.lifetime,
                answerAlgorithm: app.answerAlgorithm))
    }

    /// - Parameter browser: the value of the cookie that binds the flow to this browser.
    public func seal(_ transaction: AuthorizationTransaction, browser: String) -> String { transactionSeal.seal(transaction, browser: browser) }

    public func open(_ sealed: String, browser: String?, at now: Timestamp) -> OpenedTransaction {
        transactionSeal.open(sealed, browser: browser, at: now)
    }

    func envelope(_ transaction: AuthorizationTransaction, at now: Timestamp) -> AuthorizationAnswer.Envelope {
        AuthorizationAnswer.Envelope(
            target: RedirectTarget(checked: transaction.redirectURI), mode: transaction.responseMode, clientID: transaction.clientID,
            algorithm: transaction.answerAlgorithm, state: transaction.state, issuer: issuer,
            errors: ErrorAddresses.Of(addresses: errors, app: transaction.appID, endpoint: .authorize, now: now))
    }
}

extension App {
    /// Why it is not served.
    var inactiveSentence: String { isHeld ? "The app waits for its developers to confirm it in the portal." : "The app was removed." }

    /// The app as the pure rules see it.
    public var registeredClient: RegisteredClient {
        RegisteredClient(
            id: clientID, redirectURIs: redirectURIs, scopes: scopes, grantTypes: grantTypes, isNative: kind == .native, isPublic: isPublic,
            rules: profile.rules,
            metadata: metadata)
    }

    /// JARM §3: what its signed answers are signed with. Unless told otherwise not RS256, which is that section's word: FAPI 2.0 §5.4.1 forbids it.
    var answerAlgorithm: SignatureAlgorithm { metadata.authorizationSignedResponseAlgorithm ?? .es256 }

    /// RFC 9701 §6: what signed introspection is signed with, by the same reason.
    var introspectionAlgorithm: SignatureAlgorithm { metadata.introspectionSignedResponseAlgorithm ?? .es256 }
}
