import AccessTokens
import Applications
import Certificates
import HTTPTypes
import Hummingbird
import Identity
import JOSE
import JSON
import OAuth
import Primitives
import Storage
import Web

/// OpenID Connect Core §5.3
struct UserinfoEndpoint: Sendable {
    let database: any Database
    let apps: AppDirectory
    let verifier: AccessTokenVerifier
    let revocations: Revocations
    let possession: PossessionCheck
    let certificates: ClientCertificates
    let addresses: ServerAddresses
    let errors: ErrorAddresses
    private let people = People()

    init(
        database: any Database, apps: AppDirectory, verifier: AccessTokenVerifier, revocations: Revocations, possession: PossessionCheck,
        certificates: ClientCertificates, addresses: ServerAddresses, errors: ErrorAddresses
    ) {
        self.database = database
        self.apps = apps
        self.verifier = verifier
        self.revocations = revocations
        self.possession = possession
        self.certificates = certificates
        self.addresses = addresses
        self.errors = errors
    }

    private var issuer: Issuer { addresses.issuer }

    /// For the metadata.
    static let claims = ["sub", "name", "given_name", "family_name", "preferred_username", "email", "email_verified", "phone_number", "phone_number_verified"]

    func respond(to request: Request, context: AppContext) async throws -> Response {
        var app: App?
        var response: Response
        do {
            (response, app) = try await answer(request, context)
        } catch let error as any Unavailability where error.isUnavailable {
            response = OAuthError(.temporarilyUnavailable, "The database does not answer.").response(issuer: issuer)
        }
        if let app { CrossOrigin.allow(app, for: request, on: &response) } else { CrossOrigin.allowReason(for: request, on: &response) }
        return response
    }

    private func answer(_ request: Request, _ context: AppContext) async throws -> (Response, App?) {
        let (client, now) = (context.client, context.receivedAt)
        let (scheme, token): (TokenScheme, String)
        switch try await AccessTokenField.read(request) {
        case .success(let found?): (scheme, token) = (found.scheme, found.token)
        // RFC 6750 §3.1: without a token the answer says no error, only how to authenticate.
        case .success(nil): return (Self.challenge(), nil)
        case .failure(let error): return (error.error.bearerResponse(issuer: issuer), nil)
        }
        guard case .success(let claims) = try await verifier.verified(token, at: now), let app = try await apps.find(claims.appID), app.isActive else {
            let error = OAuthError.invalidToken("The access token is expired, revoked or not one of ours.")
            return (error.challenge(issuer: issuer, under: scheme), nil)
        }
        let errors = errors.of(app, at: .userinfo, now: now)
        guard try await revocations.refusal(of: claims) == nil else {
            return (OAuthError.against(.tokenLive, "The access token was revoked.", received: .secret(token)).challenge(errors, under: scheme), app)
        }
        let evidence = PossessionCheck.Evidence(
            scheme: scheme, proofs: request.headers[values: .dpop],
            target: DPoPProof.Target(method: request.method.rawValue, addresses: addresses.all(request.uri.path), accessToken: token),
            certificate: context.clientCertificate.map { Thumbprint(ofDER: $0.der).text })
        if let refusal = try await possession.refusal(of: evidence, for: claims.binding, at: now) { return (refused(refusal, evidence, errors, at: now), app) }
        if claims.binding.certificate != nil, let presented = context.clientCertificate,
            let refusal = try await certificates.refusal(ofBound: presented.der, intermediates: presented.chain, for: app, at: now)
        {
            let error = OAuthError.against(
                .tokenCertificate, "The certificate that the access token is bound to is not accepted: \(refusal.code).",
                expected: "a certificate in force", received: .value(refusal.code))
            return (error.challenge(errors, under: scheme), app)
        }
        guard app.mayCall(from: client.ip) else {
            let error = OAuthError.against(
                .tokenAddress, "The app may not call from \(client.text).", expected: app.allowedNetworks.text, received: .value(client.text))
            return (error.challenge(errors, under: scheme), app)
        }
        guard claims.scope.contains(.openid), claims.personID != nil, let grantID = claims.grantID else {
            let error = OAuthError.against(.tokenScope, "The scope openid is needed.", expected: "openid", received: .value(claims.scope.text))
            var response = error.challenge(errors, under: scheme)
            response.headers[.wwwAuthenticate]? += ", scope=\"openid\""
            return (response, app)
        }
        guard let standing = try await GrantStanding.find(.id(grantID), at: now, in: database), standing.refusal == nil,
            let person = try await database.readOne({ [people] in try people.find(standing.grant.personID, in: $0) })
        else {
            return (OAuthError.against(.tokenLive, "The grant behind the token has ended.", received: .secret(token)).challenge(errors, under: scheme), app)
        }
        return (.tokenJSON(Self.claims(of: person, scope: claims.scope)), app)
    }

    private static func challenge() -> Response {
        var response = Response(status: .unauthorized, headers: [.cacheControl: "no-store"])
        response.headers[values: .wwwAuthenticate] = ["Bearer realm=\"wekeza\"", DPoPChallenge.tokenWanted]
        return response
    }

    private func refused(_ refusal: PossessionRefusal, _ evidence: PossessionCheck.Evidence, _ errors: ErrorAddresses.Of, at now: Timestamp) -> Response {
        var response = refusal.error(for: evidence).response(errors, status: .unauthorized)
        response.headers[.wwwAuthenticate] = DPoPChallenge.text(refusal)
        if refusal.needsNonce { response.headers[.dpopNonce] = possession.proofs.nonce(at: now) }
        return response
    }

    /// §5.4: the claims that each scope asks for.
    private static func claims(of person: Person, scope: ScopeSet) -> JSONObject {
        var claims = JSONObject([("sub", .string(person.id.rawValue))])
        if scope.contains(.profile) {
            claims.append("name", .string(person.name))
            claims.append("given_name", .string(person.givenName))
            if person.name.hasPrefix(person.givenName + " ") {
                claims.append("family_name", .string(String(person.name.dropFirst(person.givenName.count + 1))))
            }
            claims.append("preferred_username", .string(person.signInName))
        }
        if scope.contains(.email), let email = person.email {
            claims.append("email", .string(email))
            claims.append("email_verified", .boolean(person.hasConfirmedEmail))
        }
        if scope.contains(.phone), let phone = person.phone {
            claims.append("phone_number", .string(phone))
            claims.append("phone_number_verified", .boolean(false))
        }
        return claims
    }
}

extension PossessionRefusal {
    fileprivate func error(for evidence: PossessionCheck.Evidence) -> OAuthError {
        switch self {
        case .proof(let refusal): refusal.error(for: evidence.target, received: evidence.proofs)
        case .proofMissing: .against(.proofSent, message, expected: expected)
        default: .against(.tokenBound, message, expected: expected, received: .note(got))
        }
    }
}
