package import AccessTokens
package import Applications
package import Consents
package import Contract
package import Hummingbird
package import JSON
package import Metering
package import Primitives
package import Web

/// A call on its way through the policies. Each leaves what it learnt to those behind it.
package struct Call: Sendable {
    package let request: Request
    package let operation: Contract.Operation
    package let rules: AccessRules
    package let pathParameters: [String: String]
    package let requestID: Primitives.RequestID
    package let interactionID: String
    /// Who sent it.
    package let client: ClientAddress
    /// What came with the connection.
    package let clientCertificate: PresentedCertificate?
    /// When it arrived.
    package let now: Timestamp
    package let issuer: Issuer

    package var claims: AccessTokenClaims?
    /// How and as what the token came.
    package var token: (scheme: TokenScheme, text: String)?
    /// Whose call it was, when its token was one of ours but expired.
    package var expiredClaims: AccessTokenClaims?
    package var app: App?
    package var burst: BurstStanding?
    package var parameters = CheckedParameters()
    package var body: JSONValue?
    package var bodyBytes: [UInt8]?
    /// The body's media type, one of the operation's.
    package var mediaType: String?
    /// Its place among the large bodies, which it keeps as long as the bytes are here.
    var largeBody: LargeBodies.Place?
    package var consent: Consent?
    package var accountID: AccountID?
    package var window: ClosedRange<Timestamp>?
    package var idempotency: IdempotencyClaim?
    package var unit: QuotaUnit?
    /// The day's limit when it was found used up.
    package var exhaustedLimit: Int?
    package var upstream: (any Upstream)?

    init(_ request: Request, operation: Contract.Operation, rules: AccessRules, context: AppContext) {
        self.request = request
        self.operation = operation
        self.rules = rules
        var parameters: [String: String] = [:]
        for parameter in operation.parameters where parameter.location == .path { parameters[parameter.name] = context.parameters.get(parameter.name) }
        pathParameters = parameters
        requestID = context.requestID
        interactionID = context.interactionID
        client = context.client
        clientCertificate = context.clientCertificate
        now = context.receivedAt
        issuer = context.issuer
    }

    /// What the upstream is given.
    /// - Returns: `nil` before the app is known.
    var guarded: GuardedCall? {
        guard let app, let claims else { return nil }
        return GuardedCall(
            operation: operation.id, pathParameters: pathParameters, parameters: parameters, body: body, app: app, claims: claims, consent: consent,
            accountID: accountID, window: window, now: now, requestID: requestID, interactionID: interactionID, issuer: issuer, idempotency: idempotency,
            http: ForwardedRequest(
                method: operation.method, path: request.uri.path, query: request.uri.query, body: bodyBytes, mediaType: mediaType,
                headers: request.headers))
    }
}
