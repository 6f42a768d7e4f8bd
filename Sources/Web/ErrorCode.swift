public import HTTPTypes

/// The catalogue of the JSON APIs' errors: the `code` of each problem, its documentation page and its status come from here.
public enum ErrorCode: String, CaseIterable, Sendable {
    // 400
    case unreadableRequest = "unreadable_request"
    case invalidRequest = "invalid_request"
    case malformedBody = "malformed_body"
    case invalidPermissions = "invalid_permissions"
    case invalidIdempotencyKey = "invalid_idempotency_key"
    // 401
    case missingToken = "missing_token"
    case invalidToken = "invalid_token"
    case expiredToken = "expired_token"
    case revokedToken = "revoked_token"
    case invalidDPoPProof = "invalid_dpop_proof"
    case appInactive = "app_inactive"
    case insufficientUserAuthentication = "insufficient_user_authentication"
    // 403
    case addressNotAllowed = "address_not_allowed"
    case insufficientScope = "insufficient_scope"
    case consentRequired = "consent_required"
    case consentNotAuthorised = "consent_not_authorised"
    case consentRevoked = "consent_revoked"
    case consentExpired = "consent_expired"
    case consentConsumed = "consent_consumed"
    case debtorAccountBlocked = "debtor_account_blocked"
    case permissionMissing = "permission_missing"
    case accountNotInConsent = "account_not_in_consent"
    case outsideDataWindow = "outside_data_window"
    case sandboxOnly = "sandbox_only"
    case forbidden = "forbidden"
    // 404 and other refusals of HTTP itself
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case notAcceptable = "not_acceptable"
    case idempotencyInFlight = "idempotency_in_flight"
    case bodyTooLarge = "body_too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case idempotencyKeyReused = "idempotency_key_reused"
    case consentStateConflict = "consent_state_conflict"
    case paymentDiffers = "payment_differs"
    case insufficientFunds = "insufficient_funds"
    case creditorAccountRefused = "creditor_account_refused"
    case consentTypeMismatch = "consent_type_mismatch"
    case limitExceeded = "limit_exceeded"
    case notCancellable = "not_cancellable"
    // 429
    case burstExceeded = "burst_exceeded"
    case dailyQuotaExceeded = "daily_quota_exceeded"
    // 5xx
    case internalError = "internal_error"
    case upstreamFailed = "upstream_failed"
    case noUpstream = "no_upstream"
    case temporarilyUnavailable = "temporarily_unavailable"

    /// The page that explains it, on the issuer: where the `type` of its problems leads (RFC 9457 §3.1.1).
    public var documentationPath: String { "/docs/errors/\(rawValue)" }

    /// Of an unreadable request it is the one where nothing tells more: others are 408 and 431.
    public var status: HTTPResponse.Status {
        switch self {
        case .unreadableRequest, .invalidRequest, .malformedBody, .invalidPermissions, .invalidIdempotencyKey: .badRequest
        case .missingToken, .invalidToken, .expiredToken, .revokedToken, .invalidDPoPProof, .appInactive, .insufficientUserAuthentication: .unauthorized
        case .addressNotAllowed, .insufficientScope, .consentRequired, .consentNotAuthorised, .consentRevoked, .consentExpired, .consentConsumed,
            .permissionMissing,
            .debtorAccountBlocked, .accountNotInConsent, .outsideDataWindow, .sandboxOnly, .forbidden:
            .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .notAcceptable: .notAcceptable
        case .idempotencyInFlight: .conflict
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .idempotencyKeyReused, .consentStateConflict, .paymentDiffers, .insufficientFunds, .creditorAccountRefused, .consentTypeMismatch,
            .limitExceeded, .notCancellable:
            .unprocessableContent
        case .burstExceeded, .dailyQuotaExceeded: .tooManyRequests
        case .internalError: .internalServerError
        case .upstreamFailed: .badGateway
        case .noUpstream, .temporarilyUnavailable: .serviceUnavailable
        }
    }

    /// The one line that names the refusal, in the reader's words.
    public var title: String {
        switch self {
        case .unreadableRequest: "The request cannot be read"
        case .invalidRequest: "The request does not match the contract"
        case .malformedBody: "The body cannot be read"
        case .invalidPermissions: "These permissions do not go together"
        case .invalidIdempotencyKey: "The idempotency key cannot be used"
        case .missingToken: "No access token was sent"
        case .invalidToken: "The access token is not one of ours for this API"
        case .expiredToken: "The access token has expired"
        case .revokedToken: "The access token was revoked"
        case .invalidDPoPProof: "The DPoP proof is not one for this request"
        case .appInactive: "The app is no longer active"
        case .insufficientUserAuthentication: "The customer did not prove enough for this"
        case .addressNotAllowed: "The app may not call from this IP address"
        case .insufficientScope: "The token's scope does not cover this address"
        case .consentRequired: "The token carries no consent"
        case .consentNotAuthorised: "The consent is not in force"
        case .consentRevoked: "The consent was withdrawn"
        case .consentExpired: "The consent has expired"
        case .permissionMissing: "The consent does not include this permission"
        case .accountNotInConsent: "The account is outside the consent"
        case .outsideDataWindow: "The dates lie outside the consent's window"
        case .sandboxOnly: "This works in the sandbox alone"
        case .forbidden: "This is not yours to see"
        case .notFound: "There is nothing at this address"
        case .methodNotAllowed: "This address does not take that method"
        case .notAcceptable: "We cannot answer in a format you accept"
        case .idempotencyInFlight: "The first request with this key is still running"
        case .bodyTooLarge: "The body is too large"
        case .unsupportedMediaType: "The body's content type is not one we read"
        case .idempotencyKeyReused: "The idempotency key was used for another request"
        case .consentStateConflict: "The consent's state does not allow this"
        case .consentConsumed: "The consent's payment was made"
        case .debtorAccountBlocked: "The customer's account cannot pay"
        case .paymentDiffers: "The payment is not the one that the customer approved"
        case .insufficientFunds: "There is not enough on the customer's account"
        case .creditorAccountRefused: "The creditor's account cannot be paid"
        case .consentTypeMismatch: "The consent is for something else"
        case .limitExceeded: "It is more than the customer allowed"
        case .notCancellable: "It cannot be cancelled any more"
        case .burstExceeded: "Too many calls at once"
        case .dailyQuotaExceeded: "Today's calls are used"
        case .internalError: "Something went wrong on our side"
        case .upstreamFailed: "The bank behind the API did not answer properly"
        case .noUpstream: "No live bank is connected"
        case .temporarilyUnavailable: "We cannot answer right now"
        }
    }

    /// What to do about it: the advice on the documentation page and the request page.
    public var advice: String {
        switch self {
        case .unreadableRequest:
            "Send a request of HTTP/1.1 (RFC 9112) as one whole. The status is 408 where it did not arrive in time, and 431 where its head is too large."
        case .invalidRequest: "Each entry of errors names the part, the rule, what was expected and what came. Fix these and send the request again."
        case .malformedBody: "Send one JSON object in UTF-8 with the content type application/json, and no member twice."
        case .invalidPermissions:
            "Ask for accounts first (ReadAccountsBasic or ReadAccountsDetail); transactions need a level (Basic or Detail) and at least one of Credits and Debits."
        case .invalidIdempotencyKey: "Send 1 to 40 visible ASCII characters in Idempotency-Key, a new value for each new request."
        case .missingToken: "Send the access token in the header: Authorization: Bearer and the token. Tokens in addresses or bodies are never read."
        case .invalidToken: "Use an access token from our token endpoint whose audience is this API. ID tokens and refresh tokens do not work here."
        case .expiredToken: "Access tokens live 5 minutes. Get the next one with your refresh token, or with client credentials."
        case .revokedToken: "The token, its grant or its code was revoked or replayed. Send the customer through a new authorization."
        case .invalidDPoPProof:
            "Make a proof for each request: its method, its address, and the digest of the access token. When the answer carries DPoP-Nonce, put it into the proof and try again."
        case .appInactive: "The app was removed or paused. Look at its page in the portal."
        case .insufficientUserAuthentication:
            "Lodge a new consent and send the customer with the acr_values of WWW-Authenticate (RFC 9470): they approve it with a one-time code after the password. Nothing was spent."
        case .addressNotAllowed: "Call from one of the app's allowed addresses, or add the one named under got to them, on the app's page in the portal."
        case .insufficientScope: "Ask for the scope named under expected when you get the token."
        case .consentRequired: "Use a token that a customer approved; a client-credentials token cannot read accounts."
        case .consentNotAuthorised: "Send the customer to approve the consent, then use the token of that authorization."
        case .consentRevoked: "The customer, you or the bank ended it. Ask for a new consent; the customer decides."
        case .consentExpired: "Its time is over. Ask for a new consent; the customer decides."
        case .permissionMissing: "Lodge a new consent that includes the permission named under expected."
        case .accountNotInConsent: "Ask GET /v1/accounts first: it lists exactly the accounts the customer chose. To read another one, ask for a new consent."
        case .outsideDataWindow: "Keep from and to inside the window named under expected, or leave them out."
        case .sandboxOnly:
            "Use a sandbox app and one of its sandbox's own customers. Nothing under /sandbox/v1 reaches a live app or a person who was registered."
        case .forbidden: "The request belongs to another app or organisation."
        case .notFound: "Check the address and the id. A resource of another app looks exactly like one that does not exist."
        case .methodNotAllowed: "See Allow in the answer's headers for what this address takes."
        case .notAcceptable: "Accept application/json."
        case .idempotencyInFlight: "Wait a second, then send the same request with the same key: you get the first answer."
        case .bodyTooLarge: "Send at most 1 MiB of JSON, or 64 kB of a form."
        case .unsupportedMediaType: "Send JSON with the content type application/json."
        case .idempotencyKeyReused: "Use a new Idempotency-Key for a new request; the same key only repeats the same request."
        case .consentStateConflict: "Read the consent first; its status tells what can still be done."
        case .consentConsumed:
            "A payment consent is for one payment. Repeat a request with its own Idempotency-Key to see its answer; lodge a new consent for a new payment."
        case .debtorAccountBlocked:
            "The bank or the customer stopped the account. Lodge a new consent; the customer may pick another account. The no is kept under the key."
        case .paymentDiffers:
            "Send amount, creditor and reference exactly as they stand in the consent, with a new Idempotency-Key. For anything else lodge a new consent; the customer decides."
        case .insufficientFunds:
            "Nothing was moved, and the consent is as it was: try again, with a new Idempotency-Key, when there is money on the account."
        case .creditorAccountRefused: "Check the creditor's account number. Lodge a new consent for another one; the customer decides."
        case .consentTypeMismatch:
            "Each type of consent has its operation: payment goes to /v1/payments, recurring_payment to /v1/transfers, standing_order to /v1/standing-orders."
        case .limitExceeded: "Pay less, or wait until the period ends, with a new Idempotency-Key. For larger limits lodge a new consent; the customer decides."
        case .notCancellable: "Read it: its status tells what happened. Only what is scheduled or held can be cancelled."
        case .burstExceeded: "Wait for the seconds in Retry-After, then continue more slowly. RateLimit tells what is left."
        case .dailyQuotaExceeded: "Wait until 00:00 UTC, when the count starts again, or choose a larger plan."
        case .internalError: "Try again. If it happens again, tell us the request id."
        case .upstreamFailed: "Try again in a moment. This call cost you nothing."
        case .noUpstream: "Live apps need a core banking system behind the platform. Use a sandbox app."
        case .temporarilyUnavailable: "Wait for the seconds in Retry-After and try again. This call cost you nothing."
        }
    }
}
