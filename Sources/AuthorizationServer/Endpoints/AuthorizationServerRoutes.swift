public import AccessTokens
public import Applications
import HTTPTypes
import Hummingbird
import JOSE
import OAuth
public import Primitives
public import Storage
public import Web

/// The endpoints that programs call; the authorization endpoint's pages are `CustomerPages`'.
public struct AuthorizationServerRoutes: Sendable {
    private let clients: ClientEndpoint
    private let token: TokenEndpoint
    private let pushed: PushedAuthorizationEndpoint
    private let introspection: IntrospectionEndpoint
    private let revocation: RevocationEndpoint
    private let userinfo: UserinfoEndpoint
    private let registration: RegistrationEndpoint
    private let configuration: ClientConfigurationEndpoint
    private let metadata: Metadata
    private let keys: SigningKeys
    private let issuer: Issuer

    public init(
        database: any Database, apps: AppDirectory, secretUse: SecretUse, keys: SigningKeys, verifier: AccessTokenVerifier, revocations: Revocations,
        replays: any ReplayMemory, possession: PossessionCheck, authorization: AuthorizationEndpoint,
        certificates: ClientCertificates,
        registration policy: RegistrationPolicy, rootKey: RootKey, addresses: ServerAddresses,
        randomness: any RandomSource = SystemRandom()
    ) {
        let issuer = addresses.issuer
        let methods = AllMethods(
            assertions: AssertionCheck(keys: authorization.requestObjects.keys, addresses: addresses), certificates: certificates)
        let refreshTokens = RefreshTokens(rootKey: rootKey)
        let grants = AllGrants(
            database: database, tokens: AccessTokenIssuer(keys: keys, issuer: issuer.text, randomness: randomness),
            idTokens: IDTokenIssuer(keys: keys, issuer: issuer), refreshTokens: refreshTokens)
        clients = ClientEndpoint(
            authentication: ClientAuthentication(apps: apps, secretUse: secretUse, methods: methods, replays: replays), proofs: possession.proofs,
            addresses: addresses, errors: authorization.errors)
        pushed = PushedAuthorizationEndpoint(authorization: authorization)
        token = TokenEndpoint(grants: grants, certificates: certificates, audience: AccessTokenIssuer.audience(of: issuer.text))
        introspection = IntrospectionEndpoint(
            database: database, verifier: verifier, revocations: revocations, refreshTokens: refreshTokens, certificates: certificates, keys: keys,
            issuer: issuer)
        revocation = RevocationEndpoint(database: database, verifier: verifier, refreshTokens: refreshTokens)
        userinfo = UserinfoEndpoint(
            database: database, apps: apps, verifier: verifier, revocations: revocations, possession: possession, certificates: certificates,
            addresses: addresses, errors: authorization.errors)
        let rights = RegistrationRights(database: database, policy: policy, issuer: issuer)
        registration = RegistrationEndpoint(
            database: database, rights: rights, methods: methods.usable(at: addresses), randomness: randomness, issuer: issuer)
        configuration = ClientConfigurationEndpoint(
            database: database, rights: rights, methods: methods.usable(at: addresses), randomness: randomness, issuer: issuer)
        metadata = Metadata(addresses: addresses, grants: grants, methods: methods)
        self.keys = keys
        self.issuer = issuer
    }

    public func add(to routes: Routes) {
        addClientEndpoints(to: routes)
        addUserinfo(to: routes)
        addRegistration(to: routes)
        addPublicDocuments(to: routes)
    }

    private func addClientEndpoints(to routes: Routes) {
        let handlers: [(endpoint: OAuthEndpoint, readsProof: Bool, handler: ClientEndpoint.Handler)] = [
            (.token, true, { [token] in try await token.respond(to: $0, context: $1) }),
            (.par, true, { [pushed] in try await pushed.respond(to: $0, context: $1) }),
            (.introspect, false, { [introspection] in try await introspection.respond(to: $0, context: $1) }),
            (.revoke, false, { [revocation] in try await revocation.respond(to: $0, context: $1) }),
        ]
        for (endpoint, readsProof, handler) in handlers {
            let path = endpoint.path
            routes.on(path, method: .post) { [clients] request, context in
                try await clients.respond(to: request, at: endpoint, context: context, readsProof: readsProof, handler)
            }
            // Introspection needs a secret, which no browser app has.
            if endpoint != .introspect { routes.on(path, method: .options) { request, _ in CrossOrigin.preflight(request, methods: "POST") } }
        }
    }

    private func addUserinfo(to routes: Routes) {
        for method in [HTTPRequest.Method.get, .post] {
            routes.on("/oauth2/userinfo", method: method) { [userinfo] request, context in try await userinfo.respond(to: request, context: context) }
        }
        routes.on("/oauth2/userinfo", method: .options) { request, _ in CrossOrigin.preflight(request, methods: "GET, POST") }
    }

    private func addRegistration(to routes: Routes) {
        let path = ClientConfigurationEndpoint.path
        routes.on(RegistrationEndpoint.path, method: .post) { [registration] in try await registration.respond(to: $0, context: $1) }
        routes.on(path, method: .get) { [configuration] in try await configuration.read($0, context: $1) }
        routes.on(path, method: .put) { [configuration] in try await configuration.update($0, context: $1) }
        routes.on(path, method: .delete) { [configuration] in try await configuration.remove($0, context: $1) }
    }

    private func addPublicDocuments(to routes: Routes) {
        let authorizationServer = metadata.authorizationServer
        let openIDProvider = metadata.openIDProvider
        let protectedResource = metadata.protectedResource
        routes.get("/.well-known/oauth-authorization-server") { _, _ in Response.publicJSON(authorizationServer, maxAge: 300) }
        routes.get("/.well-known/openid-configuration") { _, _ in Response.publicJSON(openIDProvider, maxAge: 300) }
        routes.get("/.well-known/oauth-protected-resource/v1") { _, _ in Response.publicJSON(protectedResource, maxAge: 300) }
        // Short, so that a rotated key is known long before its successor signs.
        routes.get("/oauth2/jwks") { [keys] _, context in Response.publicJSON(keys.jwks(at: context.receivedAt).object, maxAge: 60) }
        let paths = [
            "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.well-known/oauth-protected-resource/v1", "/oauth2/jwks",
        ]
        for path in paths {
            routes.on(path, method: .options) { _, _ in
                Response(
                    status: .noContent,
                    headers: [.accessControlAllowOrigin: "*", .accessControlAllowMethods: "GET", .accessControlMaxAge: "600"])
            }
        }
    }

    /// The addresses that programs call answer each refusal in OAuth's own kind of error.
    public static let refusalWording = RefusalWording(
        covers: {
            ["/oauth2/token", "/oauth2/par", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/userinfo", "/oauth2/jwks"].contains($0)
                || $0.hasPrefix("/.well-known/") || $0 == RegistrationEndpoint.path || $0.hasPrefix("\(RegistrationEndpoint.path)/")
        }
    ) { problem, _, context in
        let code: OAuthError.Code =
            switch problem.code.status {
            case .serviceUnavailable: .temporarilyUnavailable
            case let status where status.code >= 500: .serverError
            default: .invalidRequest
            }
        var response = OAuthError(code, problem.detail).response(issuer: context.issuer, status: problem.code.status)
        for field in problem.headers { response.headers[field.name] = field.value }
        return response
    }
}
