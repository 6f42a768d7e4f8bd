package import AccessTokens
package import Applications
package import Consents
package import Contract
package import HTTPTypes
package import JSON
package import Primitives
package import Web

/// Who answers a call that every policy allowed: the sandbox's bank in this process, the platform itself, or a real core banking system over HTTP.
package protocol Upstream: Sendable {
    /// - Throws: a `Problem` to answer with; anything else is a failure of ours, and costs the caller nothing.
    func respond(to call: GuardedCall) async throws -> UpstreamAnswer
}

/// A call that the gateway allowed, with everything it learnt on the way.
package struct GuardedCall: Sendable {
    /// The contract's `operationId`.
    package let operation: String
    package let pathParameters: [String: String]
    /// Query and header parameters in the contract's types, defaults filled in.
    package let parameters: CheckedParameters
    /// The JSON body, checked against the contract.
    package let body: JSONValue?
    package let app: App
    package let claims: AccessTokenClaims
    /// The consent in force; `nil` for operations of the app itself.
    package let consent: Consent?
    /// The account that the path names, one of the consent's.
    package let accountID: AccountID?
    /// The bookings that may be told, both ends included; an open end is the beginning or the end of time.
    package let window: ClosedRange<Timestamp>?
    package let now: Timestamp
    package let requestID: RequestID
    package let interactionID: String
    package let issuer: Issuer
    /// What to complete inside the transaction that creates, so that a repetition finds the answer.
    package let idempotency: IdempotencyClaim?
    package let http: ForwardedRequest

    package init(
        operation: String, pathParameters: [String: String] = [:], parameters: CheckedParameters = CheckedParameters(), body: JSONValue? = nil, app: App,
        claims: AccessTokenClaims, consent: Consent? = nil, accountID: AccountID? = nil, window: ClosedRange<Timestamp>? = nil, now: Timestamp,
        requestID: RequestID, interactionID: String = "", issuer: Issuer, idempotency: IdempotencyClaim? = nil, http: ForwardedRequest = ForwardedRequest()
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
        self.issuer = issuer
        self.idempotency = idempotency
        self.http = http
    }
}

/// The request's HTTP, for an upstream that speaks HTTP itself.
package struct ForwardedRequest: Sendable {
    package let method: String
    package let path: String
    package let query: String?
    package let body: [UInt8]?
    /// Of the body: one that the contract names.
    package let mediaType: String?
    /// The caller's own fields; an upstream passes on those that concern it.
    package let headers: HTTPFields

    package init(method: String = "GET", path: String = "/", query: String? = nil, body: [UInt8]? = nil, mediaType: String? = nil, headers: HTTPFields = [:]) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.mediaType = mediaType
        self.headers = headers
    }
}

/// What an upstream answers.
package struct UpstreamAnswer: Sendable {
    package let status: HTTPResponse.Status
    package var headers: HTTPFields
    package let body: [UInt8]
    /// How many entries the answer holds, for the record.
    package let records: Int?
    /// Whether it was kept under the request's idempotency key already, in the transaction that did the work.
    package var isKept = false

    package init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: [UInt8] = [], records: Int? = nil) {
        self.status = status
        self.headers = headers
        self.body = body
        self.records = records
    }

    package static func json(_ value: JSONObject, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], records: Int? = nil) -> UpstreamAnswer {
        var headers = headers
        headers[.contentType] = "application/json"
        return UpstreamAnswer(status: status, headers: headers, body: value.bytes, records: records)
    }

    package static let noContent = UpstreamAnswer(status: .noContent)
}
