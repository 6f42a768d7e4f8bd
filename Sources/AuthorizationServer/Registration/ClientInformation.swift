import Applications
import JSON
import OAuth
import Primitives
import Web

/// What a client is told about its registration (RFC 7591 §3.2.1, RFC 7592 §3).
struct ClientInformation: Sendable {
    let app: App
    let registration: AppRegistration
    /// The registration access token, as it was made or came: it is kept as a digest alone.
    let token: String
    /// Where it was made a moment ago or came along.
    var secret: String?
    let issuer: Issuer

    var json: JSONObject {
        var members = JSONObject([("client_id", .string(app.clientID.text)), ("client_id_issued_at", .integer(app.createdAt.seconds))])
        if let secret {
            members.append("client_secret", secret)
            // It works until it is revoked.
            members.append("client_secret_expires_at", seconds: 0)
        }
        members.append("registration_access_token", token)
        members.append("registration_client_uri", issuer.address("\(RegistrationEndpoint.path)/\(app.clientID)"))
        for member in metadata.members { members.append(member.name, member.value) }
        members.append("software_statement", registration.softwareStatement?.text)
        return members
    }

    /// Everything that is registered, defaults included.
    private var metadata: JSONObject {
        let usesBrowser = app.grantTypes.contains(.authorizationCode)
        var metadata = app.metadata
        if usesBrowser {
            metadata.idTokenSignedResponseAlgorithm = metadata.idTokenSignedResponseAlgorithm ?? app.profile.rules.idTokenAlgorithm
            metadata.authorizationSignedResponseAlgorithm = app.answerAlgorithm
        }
        if app.isConfidential { metadata.introspectionSignedResponseAlgorithm = app.introspectionAlgorithm }
        var members = JSONObject([
            ("client_name", .string(app.name)),
            ("redirect_uris", list(app.redirectURIs.map(\.text))),
            ("token_endpoint_auth_method", .string(app.authenticationMethod.rawValue)),
            ("grant_types", list(GrantType.allCases.filter(app.grantTypes.contains).map(\.rawValue))),
            ("response_types", list(usesBrowser ? ResponseType.allCases.map(\.rawValue) : [])),
            ("scope", .string(app.scopes.text)),
            ("application_type", .string(app.kind == .native ? "native" : "web")),
            ("subject_type", .string("public")),
        ])
        for member in metadata.json.members { members.append(member.name, member.value) }
        return members
    }

    private func list(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
}
