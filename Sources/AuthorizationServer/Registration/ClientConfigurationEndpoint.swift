import Applications
import Events
import HTTPTypes
import Hummingbird
import JSON
import OAuth
import Primitives
import Storage
import Web

/// RFC 7592: an app reads, replaces and ends its own registration, by its registration access token.
struct ClientConfigurationEndpoint: Sendable {
    static let path = "\(RegistrationEndpoint.path)/{client_id}"

    let database: any Database
    let rights: RegistrationRights
    let methods: [ClientAuthenticationMethod]
    let randomness: any RandomSource
    let issuer: Issuer

    private typealias Handler = (Holder) async throws -> Response

    /// The app that the token looks after.
    private struct Holder: Sendable {
        let app: App
        let registration: AppRegistration
        let token: String
    }

    /// §2.1
    func read(_ request: Request, context: AppContext) async throws -> Response {
        try await authenticated(request, context) { holder in .tokenJSON(information(holder).json) }
    }

    /// §2.2: everything is replaced.
    func update(_ request: Request, context: AppContext) async throws -> Response {
        try await authenticated(request, context) { holder in
            switch try await RegistrationRequest.read(request, bearer: holder.token) {
            case .failure(let refusal): return refusal.error.response(issuer: issuer, status: refusal.status)
            case .success(let read): return try await replace(holder, by: read.metadata, context)
            }
        }
    }

    /// §2.3: as when a developer removes the app in the portal: its tokens, grants and consents end with it.
    func remove(_ request: Request, context: AppContext) async throws -> Response {
        try await authenticated(request, context) { holder in
            try await database.write { [apps = Apps(randomness: randomness), now = context.receivedAt, requestID = context.requestID] tx in
                _ = try apps.remove(holder.app.id, by: .app(holder.app.id), at: now, requestID: requestID, in: tx)
            }
            return Response(status: .noContent, headers: [.cacheControl: "no-store", .pragma: "no-cache"])
        }
    }

    /// §3: an unknown token, another app's, and one of an app that is no more are answered alike.
    private func authenticated(_ request: Request, _ context: AppContext, _ handler: Handler) async throws -> Response {
        try await answering(issuer) {
            let token: String
            switch RegistrationRequest.bearer(request) {
            case .success(let sent?): token = sent
            case .success(nil): return OAuthError.invalidToken("The registration access token is missing.").bearerResponse(issuer: issuer)
            case .failure(let error): return error.bearerResponse(issuer: issuer)
            }
            let found = try await database.read { [registrations = AppRegistrations()] tx in try registrations.find(token: token, in: tx) }
            guard let (app, registration) = found, app.clientID.text == context.parameters.get("client_id") else {
                return OAuthError.invalidToken("The registration access token is not one of this client.").bearerResponse(issuer: issuer)
            }
            guard app.mayCall(from: context.client.ip) else {
                return OAuthError.invalidToken("The app may not call from \(context.client.text).").bearerResponse(issuer: issuer)
            }
            return try await handler(Holder(app: app, registration: registration, token: token))
        }
    }

    private func replace(_ holder: Holder, by request: JSONObject, _ context: AppContext) async throws -> Response {
        let (app, now) = (holder.app, context.receivedAt)
        if let refusal = refusal(of: request, for: app) { return refusal.error(about: request).response(issuer: issuer) }
        let statement: SoftwareStatement?
        switch try await newStatement(in: request, of: holder, at: now) {
        case .success(let new): statement = new
        case .failure(let error): return error.response(issuer: issuer)
        }
        // What a statement fixed stays fixed.
        let metadata = (statement ?? holder.registration.softwareStatement)?.overriding(request) ?? request
        let registration: ClientRegistration
        do { registration = try ClientRegistration(reading: metadata, methods: methods) } catch { return error.error(about: metadata).response(issuer: issuer) }
        do {
            let updated = try await database.write { [registrations = AppRegistrations(randomness: randomness), requestID = context.requestID] tx in
                let after = try registrations.update(
                    app, AppChange(registration, of: app), statement: statement, at: now, requestID: requestID, in: tx)
                return (app: after, registration: try registrations.find(of: app.id, in: tx) ?? holder.registration)
            }
            let after = Holder(app: updated.app, registration: updated.registration, token: holder.token)
            return .tokenJSON(information(after, secret: request["client_secret"]?.string).json)
        } catch let refusal as RegistrationRefusal {
            return refusal.error(about: metadata).response(issuer: issuer)
        }
    }

    /// §2.2: what the request says of itself, and what it must not say.
    private func refusal(of request: JSONObject, for app: App) -> ClientMetadataRefusal? {
        guard request["client_id"]?.string == app.clientID.text else { return ClientMetadataRefusal("client_id", "Send the client_id of this client") }
        for member in ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"]
        where request[member] != nil { return ClientMetadataRefusal(member, "Leave it out: only the server says it", part: "it") }
        if let secret = request["client_secret"], secret.string.flatMap(app.secret(matching:)) == nil {
            return ClientMetadataRefusal("client_secret", "Send the current one or leave it out: a client does not choose it")
        }
        return nil
    }

    /// - Returns: `nil` when none came, or the one that is registered.
    private func newStatement(in request: JSONObject, of holder: Holder, at now: Timestamp) async throws -> Result<SoftwareStatement?, OAuthError> {
        let known = holder.registration.softwareStatement
        guard let value = request["software_statement"], value != .null, value.string != known?.text else { return .success(nil) }
        switch try await rights.statement(value, at: now) {
        case .failure(let error): return .failure(error)
        case .success(let (statement, organisation, _)):
            guard organisation == holder.app.organisationID, known == nil || known?.issuer == statement.issuer else {
                return .failure(.statement(.anotherIssuer))
            }
            return .success(statement)
        }
    }

    private func information(_ holder: Holder, secret: String? = nil) -> ClientInformation {
        ClientInformation(app: holder.app, registration: holder.registration, token: holder.token, secret: secret, issuer: issuer)
    }
}
