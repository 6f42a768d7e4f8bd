public import AccessTokens
public import Applications
public import Consents
public import Contract
public import Hummingbird
public import JSON
public import Metering
public import Primitives
public import Web

/// A call on its way through the policies. Each leaves what it learnt to those behind it.
public struct Call: Sendable {
    public let request: Request
    public let operation: Contract.Operation
    public let rules: AccessRules
    public let pathParameters: [String: String]
    public let requestID: Primitives.RequestID
    public let interactionID: String
    /// Who sent it.
    public let client: ClientAddress
    /// What came with the connection.
    public let clientCertificate: PresentedCertificate?
    /// When it arrived.
    public let now: Timestamp
    public let issuer: Issuer
    /// Of the listener that was asked.
    public let base: any BaseAddress

    public var claims: AccessTokenClaims?
    /// How and as what the token came.
    public var token: (scheme: TokenScheme, text: String)?
    /// Whose call it was, when its token was one of ours but expired.
    public var expiredClaims: AccessTokenClaims?
    public var app: App?
    public var burst: BurstStanding?
    public var parameters = CheckedParameters()
    public var body: JSONValue?
    public var bodyBytes: [UInt8]?
    /// The body's media type, one of the operation's.
    public var mediaType: String?
    /// Its place among the large bodies, which it keeps as long as the bytes are here.
    var largeBody: LargeBodies.Place?
    public var consent: Consent?
    public var accountID: AccountID?
    public var window: ClosedRange<Timestamp>?
    public var idempotency: IdempotencyClaim?
    public var unit: QuotaUnit?
    /// The day's limit when it was found used up.
    public var exhaustedLimit: Int?
    public var upstream: (any Upstream)?

    init(_ request: Request, operation: Contract.Operation, rules: AccessRules, context: borrowing AppContext) {
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
        base = context.base
    }

    /// The scheme by which a refusal of the token is told (RFC 9449 §7.1).
    var scheme: TokenScheme { token?.scheme ?? .bearer }

    /// What the upstream is given.
    /// - Returns: `nil` before the app is known.
    var guarded: GuardedCall? {
        guard let app, let claims else { return nil }
        return GuardedCall(
            operation: operation.id, pathParameters: pathParameters, parameters: parameters, body: body, app: app, claims: claims, consent: consent,
            accountID: accountID, window: window, now: now, requestID: requestID, interactionID: interactionID, base: base, idempotency: idempotency,
            http: ForwardedRequest(
                method: operation.method, path: request.uri.path, query: request.uri.query, body: bodyBytes, mediaType: mediaType,
                headers: request.headers))
    }
}
