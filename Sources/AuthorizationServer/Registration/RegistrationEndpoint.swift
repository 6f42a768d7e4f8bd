import Applications
import HTTPTypes
import Hummingbird
import JSON
import OAuth
import Primitives
import Storage
import Web

/// RFC 7591: software registers itself. Nothing that its metadata names is fetched.
struct RegistrationEndpoint: Sendable {
    static let path = "/oauth2/register"

    let database: any Database
    let rights: RegistrationRights
    /// The ways of client authentication that work on this server.
    let methods: [ClientAuthenticationMethod]
    let randomness: any RandomSource
    let issuer: Issuer

    func respond(to request: Request, context: AppContext) async throws -> Response {
        try await answering(issuer) {
            let bearer: String?
            switch RegistrationRequest.bearer(request) {
            case .success(let token): bearer = token
            case .failure(let error): return error.bearerResponse(issuer: issuer)
            }
            if bearer == nil, rights.policy.openFor == nil, rights.policy.issuers.isEmpty {
                return OAuthError.invalidToken("Registration needs an initial access token.").bearerResponse(issuer: issuer)
            }
            switch try await RegistrationRequest.read(request, bearer: bearer) {
            case .failure(let refusal): return refusal.error.response(issuer: issuer, status: refusal.status)
            case .success(let read): return try await register(read, context)
            }
        }
    }

    private func register(_ request: RegistrationRequest, _ context: AppContext) async throws -> Response {
        let now = context.receivedAt
        let right: RegistrationRight
        switch try await rights.right(request, at: now) {
        case .success(let found): right = found
        case .failure(let error): return error.code == .invalidToken ? error.bearerResponse(issuer: issuer) : error.response(issuer: issuer)
        }
        // RFC 7591 §2.3: the statement's claims win.
        let metadata = right.softwareStatement?.overriding(request.metadata) ?? request.metadata
        let registration: ClientRegistration
        do { registration = try ClientRegistration(reading: metadata, methods: methods) } catch { return error.error(about: metadata).response(issuer: issuer) }
        let limit = rights.limit(of: right, from: context.clientAddress)
        if let delay = try await database.write({ try RegistrationLimit().delay(of: limit.key, most: limit.most, at: now, in: $0) }) {
            return tooMany(delay)
        }
        do {
            let made = try await database.write { [registrations = AppRegistrations(randomness: randomness), requestID = context.requestID] tx in
                try registrations.register(NewApp(registration, by: right), by: right, at: now, requestID: requestID, in: tx)
            }
            let information = ClientInformation(
                app: made.app, registration: made.registration, token: made.token.value, secret: made.secret?.value, issuer: issuer)
            return .tokenJSON(information.json, status: .created)
        } catch let refusal as RegistrationRefusal {
            let error = refusal.error(about: metadata)
            return error.code == .invalidToken ? error.bearerResponse(issuer: issuer) : error.response(issuer: issuer)
        }
    }

    private func tooMany(_ delay: Duration) -> Response {
        var response = OAuthError(.temporarilyUnavailable, "Too many apps were registered within an hour: wait.").response(
            issuer: issuer, status: .tooManyRequests)
        response.headers[.retryAfter] = String(delay.components.seconds)
        return response
    }
}

/// Answers 503 when the database does not.
func answering(_ issuer: Issuer, _ answer: () async throws -> Response) async throws -> Response {
    do {
        return try await answer()
    } catch let error as any Unavailability where error.isUnavailable {
        return OAuthError(.temporarilyUnavailable, "The database does not answer.").response(issuer: issuer)
    }
}

extension RegistrationRefusal {
    func error(about request: JSONObject) -> OAuthError {
        switch self {
        case .app(let refusal): refusal.metadataRefusal?.error(about: request) ?? OAuthError(.invalidClientMetadata, OAuthError.sentence(refusal.message))
        case .initialAccessTokenSpent: .invalidToken("The initial access token is unknown, expired, revoked or used up.")
        case .softwareStatementReplayed: .statement(.replayed)
        case .certificate(let message): ClientMetadataRefusal("jwks", message).error(about: request)
        }
    }
}

extension AppRefusal {
    /// The member that the refusal is about; `nil` when it is about several.
    fileprivate var metadataRefusal: ClientMetadataRefusal? {
        switch self {
        case .nameMissing, .nameTooLong, .nameUnseen: ClientMetadataRefusal("client_name", message)
        case .redirectURIMissing, .tooManyRedirectURIs, .redirectURITwice: ClientMetadataRefusal("redirect_uris", message)
        case .grantTypes: ClientMetadataRefusal("grant_types", message)
        default: nil
        }
    }
}

extension OAuthError {
    fileprivate static func sentence(_ message: String) -> String { plain(message.replacing("’", with: "'") + ".") }
}
