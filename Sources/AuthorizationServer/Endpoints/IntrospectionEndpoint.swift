import AccessTokens
import Applications
import Certificates
import Consents
import HTTPTypes
import Hummingbird
import Identity
import JOSE
import NIOCore
import JSON
import OAuth
import OpenBanking
import Primitives
import Storage
import Web

/// RFC 7662: an app learns whether a token of its own still works.
struct IntrospectionEndpoint: Sendable {
    let database: any Database
    let verifier: AccessTokenVerifier
    let revocations: Revocations
    let refreshTokens: RefreshTokens
    let certificates: ClientCertificates
    let keys: SigningKeys
    let issuer: Issuer

    init(
        database: any Database, verifier: AccessTokenVerifier, revocations: Revocations, refreshTokens: RefreshTokens, certificates: ClientCertificates,
        keys: SigningKeys, issuer: Issuer
    ) {
        self.database = database
        self.verifier = verifier
        self.revocations = revocations
        self.refreshTokens = refreshTokens
        self.certificates = certificates
        self.keys = keys
        self.issuer = issuer
    }

    func respond(to request: ClientRequest, context: AppContext) async throws -> Response {
        let (client, parameters) = (request.client, request.parameters)
        // §2.1: the caller must be authenticated; a public client only names itself.
        guard client.app.isConfidential else {
            return request.refused(
                .against(
                    .confidentialIntrospection, "A public client cannot introspect.", expected: "client authentication", received: .note("client_id alone")))
        }
        guard let token = parameters["token"] else {
            return request.refused(.against(.parameterSent, "The parameter token is missing.", parameter: "token", expected: "a token"))
        }
        let now = context.receivedAt
        let found = try await accessToken(token, of: client, at: now)
        let members = if let found { found } else { try await refreshToken(token, of: client, at: now) }
        // §2.2: nothing more is told of a token that does not work, nor why.
        let told = members ?? JSONObject([("active", .boolean(false))])
        return request.acceptsSignedIntrospection ? try await signed(told, for: client.app, at: now) : .tokenJSON(told)
    }

    /// RFC 9701 §5: the answer as evidence, for the app alone.
    private func signed(_ members: JSONObject, for app: App, at now: Timestamp) async throws -> Response {
        let claims = JSONObject([
            ("iss", .string(issuer.text)), ("aud", .string(app.clientID.text)), ("iat", .integer(now.seconds)), ("token_introspection", .object(members)),
        ])
        let key = try await keys.signing(app.introspectionAlgorithm, at: now)
        return Response(
            status: .ok, headers: [.contentType: ClientRequest.signedIntrospection, .cacheControl: "no-store", .pragma: "no-cache"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: try key.sign(claims, type: .introspection))))
    }

    private func accessToken(_ token: String, of client: AuthenticatedClient, at now: Timestamp) async throws -> JSONObject? {
        guard case .success(let claims) = try await verifier.verified(token, at: now), claims.clientID == client.app.clientID else { return nil }
        guard try await revocations.refusal(of: claims) == nil else { return nil }
        // What the API would refuse with its certificate does not work, as far as the certificate is known here.
        if let bound = claims.binding.certificate.flatMap(Thumbprint.init) {
            guard try await certificates.refusal(ofBound: bound, for: client.app, at: now) == nil else { return nil }
        }
        if let grantID = claims.grantID {
            guard let standing = try await GrantStanding.find(.id(grantID), at: now, in: database), standing.refusal == nil else { return nil }
        }
        var members = JSONObject([("active", .boolean(true)), ("token_type", .string(claims.binding.tokenType))])
        for member in claims.json.members { members.append(member.name, member.value) }
        return members
    }

    private func refreshToken(_ token: String, of client: AuthenticatedClient, at now: Timestamp) async throws -> JSONObject? {
        guard let presented = refreshTokens.read(token, from: client.app.clientID) else { return nil }
        guard let standing = try await GrantStanding.find(.id(presented.grantID), at: now, in: database), standing.refusal == nil else { return nil }
        let grant = standing.grant
        guard presented.generation == grant.generation || grant.forgivesReplay(of: presented.generation, at: now) else { return nil }
        var members = JSONObject([
            ("active", .boolean(true)), ("iss", .string(issuer.text)), ("sub", .string(grant.personID.rawValue)),
            ("client_id", .string(grant.clientID.text)), ("scope", .string(grant.scope.text)), ("iat", .integer(grant.createdAt.seconds)),
            ("exp", .integer(grant.expiresAt.seconds)), ("grant_id", .string(grant.id.rawValue)),
        ])
        members.append("consent_id", grant.consentID?.rawValue)
        return members
    }
}
