package import AccessTokens
package import Applications
import Bank
import Consents
import Identity
package import OAuth
import OpenBanking
package import Primitives
package import Storage
package import Web

/// The authorization endpoint without its pages (RFC 6749 §3.1): requests and decisions come in as values and go out as values; `CustomerPages` shows them.
package struct AuthorizationEndpoint: Sendable {
    let database: any Database
    let apps: AppDirectory
    let keys: SigningKeys
    let issuer: Issuer
    let randomness: any RandomSource
    let consents: Consents
    let grants: Grants
    let accounts = Accounts()
    let codes = AuthorizationCodes()
    let answers = AuthorizationAnswers()
    private let transactionSeal: TransactionSeal

    package init(
        database: any Database, apps: AppDirectory, keys: SigningKeys, master: MasterKey, issuer: Issuer, randomness: any RandomSource = SystemRandom()
    ) {
        self.database = database
        self.apps = apps
        self.keys = keys
        self.issuer = issuer
        self.randomness = randomness
        consents = Consents(randomness: randomness)
        grants = Grants(randomness: randomness)
        transactionSeal = TransactionSeal(master: master)
    }

    package enum Beginning: Sendable {
        /// The customer is needed: seal the transaction and take the next `step`.
        case interact(AuthorizationTransaction)
        /// 303 to the app.
        case answer(AuthorizationAnswer)
        /// An error page, status 400.
        case page(AuthorizationPageError)
    }

    /// Reads an authorization request (RFC 6749 §4.1.1), from the query or from a form (OpenID Connect Core §3.1.2.1).
    /// - Parameter query: `nil` when it cannot be decoded.
    package func begin(_ query: Parameters?, at now: Timestamp) async throws -> Beginning {
        guard let query else { return .page(AuthorizationPageError(.malformedRequest)) }
        let parameters = RequestParameters(query.pairs)
        guard let text = parameters["client_id"], !parameters.isRepeated("client_id") else { return .page(AuthorizationPageError(.missingClientID)) }
        guard let clientID = ClientID(text), let app = try await apps.find(clientID) else { return .page(AuthorizationPageError(.unknownClient)) }
        guard app.isActive else { return .page(AuthorizationPageError(app.isHeld ? .heldApp : .removedApp, app: app)) }

        let target: RedirectTarget
        do { target = try RedirectTarget(parameters, for: app.registeredClient) } catch {
            return .page(AuthorizationPageError(.redirectURI(error), app: app, sentRedirectURI: parameters["redirect_uri"]))
        }
        // From here on the app is told.
        let envelope = AuthorizationAnswer.Envelope(target: target, state: AuthorizationRequest.state(of: parameters), issuer: issuer)
        let request: AuthorizationRequest
        do { request = try AuthorizationRequest(parameters, for: app.registeredClient, target: target) } catch { return .answer(envelope.error(error)) }
        return switch try await transaction(for: request, of: app, at: now) {
        case .success(let transaction): .interact(transaction)
        case .failure(let error): .answer(envelope.error(error))
        }
    }

    /// The checks that need more than the request itself: the lodged consent and the ID token hint.
    private func transaction(for request: AuthorizationRequest, of app: App, at now: Timestamp) async throws -> Result<AuthorizationTransaction, OAuthError> {
        var hintedPerson: PersonID?
        if let hint = request.idTokenHint {
            guard let person = IDTokenHint(keys: keys, issuer: issuer).person(in: hint, for: app.clientID) else {
                return .failure(.invalidRequest("The id_token_hint is not an ID token that this server issued to the app."))
            }
            hintedPerson = person
        }
        var scope = request.scope
        if let detail = request.detail {
            let consent = try await database.read { [consents] in try consents.find(detail.consentID, in: $0) }
            switch LodgedConsentCheck.scope(of: consent, asked: request.scope, by: app, at: now) {
            case .success(let granted): scope = granted
            case .failure(let error): return .failure(error)
            }
        }
        return .success(
            AuthorizationTransaction(
                id: AuthorizationID(at: now, from: randomness), clientID: app.clientID, appID: app.id, redirectURI: request.target.address,
                responseMode: request.responseMode, scope: scope, state: request.state, nonce: request.nonce, codeChallenge: request.codeChallenge,
                consentID: request.detail?.consentID, prompts: request.prompts, maxAge: request.maxAge, loginHint: request.loginHint,
                hintedPerson: hintedPerson, createdAt: now, expiresAt: now + AuthorizationTransaction.lifetime))
    }

    /// - Parameter browser: the value of the cookie that binds the flow to this browser.
    package func seal(_ transaction: AuthorizationTransaction, browser: String) -> String { transactionSeal.seal(transaction, browser: browser) }

    package func open(_ sealed: String, browser: String?, at now: Timestamp) -> OpenedTransaction {
        transactionSeal.open(sealed, browser: browser, at: now)
    }

    func envelope(_ transaction: AuthorizationTransaction) -> AuthorizationAnswer.Envelope {
        AuthorizationAnswer.Envelope(
            target: RedirectTarget(checked: transaction.redirectURI), state: transaction.state, issuer: issuer)
    }
}

extension App {
    /// Why it is not served.
    var inactiveSentence: String { isHeld ? "The app waits for its developers to confirm it in the portal." : "The app was removed." }

    /// The app as the pure rules see it.
    package var registeredClient: RegisteredClient {
        RegisteredClient(id: clientID, redirectURIs: redirectURIs, scopes: scopes, grantTypes: grantTypes, isNative: kind == .native)
    }
}
