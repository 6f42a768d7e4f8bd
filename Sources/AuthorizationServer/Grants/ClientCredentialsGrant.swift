import AccessTokens
import Applications
import JSON
import OAuth
import Primitives

/// RFC 6749 §4.4: the app acts for itself. Nothing is read from the database and nothing is written.
struct ClientCredentialsGrant: TokenGrant {
    let type = GrantType.clientCredentials
    let tokens: AccessTokenIssuer

    func respond(to request: TokenRequest) async throws -> TokenOutcome {
        let app = request.client.app
        // RFC 6749 §4.4: confidential clients only. Registration keeps the others out; this is the second lock.
        guard app.isConfidential else { return .refused(.against(.secretOfOwn, "A public client has no client credentials.")) }
        // RFC 9396 §6: every consent is a customer's.
        if let asked = request.detail {
            return .refused(
                .against(
                    .detailGranted, "No customer is there to grant the authorization_details: send them in an authorization request.",
                    expected: "no authorization_details", received: .value(asked.json.text)))
        }
        let own = app.scopes.filter(\.isForApps)
        guard let scope = request.parameters["scope"].map(ScopeSet.init) ?? own else {
            return .refused(.against(.scopeKnown, "A scope is unknown.", expected: own.text, received: .value(request.parameters["scope"])))
        }
        guard scope.isSubset(of: own) else {
            let text = own.isEmpty ? "none" : own.text
            return .refused(
                .against(
                    .ownScope, "With client credentials the app can have only its own scopes: \(text).", expected: text,
                    received: .value(request.parameters["scope"])))
        }
        guard !scope.isEmpty else { return .refused(.against(.ownScope, "The app is registered for no scope of its own.", expected: "none")) }
        return .issued(TokenResponse(access: try tokens.issue(.own(of: app, scope: scope, binding: request.binding), at: request.now)))
    }
}

extension AccessTokenIssuer.Request {
    /// For the app itself.
    static func own(of app: App, scope: ScopeSet, binding: TokenBinding) -> Self {
        Self(
            subject: app.clientID.text, clientID: app.clientID, appID: app.id, organisationID: app.organisationID, scope: scope,
            environment: app.environment.rawValue, binding: binding)
    }

    /// For a customer's grant.
    static func customer(_ grant: Grant, to app: App, scope: ScopeSet, binding: TokenBinding) -> Self {
        Self(
            subject: grant.personID.rawValue, clientID: app.clientID, appID: app.id, organisationID: app.organisationID, scope: scope,
            environment: app.environment.rawValue, grant: grant, binding: binding)
    }
}
