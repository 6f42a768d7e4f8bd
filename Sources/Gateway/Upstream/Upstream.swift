public import AccessTokens
public import Applications
public import Consents
public import Contract
public import HTTPTypes
public import JSON
public import Primitives
public import Web

/// Who answers a call that every policy allowed: the sandbox's bank in this process, the platform itself, or a real core banking system over HTTP.
public protocol Upstream: Sendable {
    /// - Throws: a `Problem` to answer with; anything else is a failure of ours, and costs the caller nothing.
    func respond(to call: GuardedCall) async throws -> UpstreamAnswer
}

/// A call that the gateway allowed, with everything it learnt on the way. An object, since it goes through many hands.
public final class GuardedCall: Sendable {
    /// The contract's `operationId`.
    public let operation: String
    public let pathParameters: [String: String]
    /// Query and header parameters in the contract's types, defaults filled in.
    public let parameters: CheckedParameters
    /// The JSON body, checked against the contract.
    public let body: JSONValue?
    public let app: App
    public let claims: AccessTokenClaims
    /// The consent in force; `nil` for operations of the app itself.
    public let consent: Consent?
    /// The account that the path names, one of the consent's.
    public let accountID: AccountID?
    /// The bookings that may be told, both ends included; an open end is the beginning or the end of time.
    public let window: ClosedRange<Timestamp>?
    public let now: Timestamp
    public let requestID: RequestID
    public let interactionID: String
    /// Of the listener that was asked: what the answer's links begin with.
    public let base: any BaseAddress
    /// What to complete inside the transaction that creates, so that a repetition finds the answer.
    public let idempotency: IdempotencyClaim?
    public let http: ForwardedRequest

    public init(
        operation: String, pathParameters: [String: String] = [:], parameters: CheckedParameters = CheckedParameters(), body: JSONValue? = nil, app: App,
        claims: AccessTokenClaims, consent: Consent? = nil, accountID: AccountID? = nil, window: ClosedRange<Timestamp>? = nil, now: Timestamp,
        requestID: RequestID, interactionID: String = "", base: any BaseAddress, idempotency: IdempotencyClaim? = nil,
        http: ForwardedRequest = ForwardedRequest()
    ) {
        self.operation = operation
        self.pathParameters = pathParameters
        self.parameters = parameters
        self.body = body
        self.app = app
        self.claims = claims
        self.consent = consent
        self.accountID = accountID
        self.window = window
        self.now = now
        self.requestID = requestID
        self.interactionID = interactionID
        self.base = base
        self.idempotency = idempotency
        self.http = http
    }
}

/// The request's HTTP, for an upstream that speaks HTTP itself.
public struct ForwardedRequest: Sendable {
    public let method: String
    public let path: String
    public let query: String?
    public let body: [UInt8]?
    /// Of the body: one that the contract names.
    public let mediaType: String?
    /// The caller's own fields; an upstream passes on those that concern it.
    public let headers: HTTPFields

    public init(method: String = "GET", path: String = "/", query: String? = nil, body: [UInt8]? = nil, mediaType: String? = nil, headers: HTTPFields = [:]) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.mediaType = mediaType
        self.headers = headers
    }
}

/// What an upstream answers.
public struct UpstreamAnswer: Sendable {
    public let status: HTTPResponse.Status
    public var headers: HTTPFields
    public let body: [UInt8]
    /// How many entries the answer holds, for the record.
    public let records: Int?
    /// Whether it was kept under the request's idempotency key already, in the transaction that did the work.
    public var isKept = false

    public init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: [UInt8] = [], records: Int? = nil) {
        self.status = status
        self.headers = headers
        self.body = body
        self.records = records
    }

    public static func json(_ value: JSONObject, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], records: Int? = nil) -> UpstreamAnswer {
        var headers = headers
        headers.set("application/json", for: .contentType)
        return UpstreamAnswer(status: status, headers: headers, body: value.bytes, records: records)
    }

    public static let noContent = UpstreamAnswer(status: .noContent)
}
