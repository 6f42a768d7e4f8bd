public import HTTPTypes
public import Hummingbird
public import Primitives
internal import JSON
internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// An error answer of the JSON APIs (RFC 9457).
public struct Problem: Error, Sendable {
    /// One invalid part of a request.
    public struct Violation: Sendable {
        /// JSON pointer into the body, or `/query/name`, `/path/name`, `/header/name`.
        public let pointer: String
        /// The rule that failed, by its name: `consent.accounts`, `type`, `maxLength`.
        public let rule: String
        public let expected: String
        public let got: String

        public init(pointer: String, rule: String, expected: String, got: String) {
            self.pointer = pointer
            self.rule = rule
            self.expected = expected
            self.got = got
        }

        fileprivate var json: JSONObject {
            JSONObject([("pointer", .string(pointer)), ("rule", .string(rule)), ("expected", .string(expected)), ("got", .string(got))])
        }
    }

    public let code: ErrorCode
    public let detail: String
    public let errors: [Violation]
    public var headers: HTTPFields

    public init(_ code: ErrorCode, _ detail: String, errors: [Violation] = [], headers: HTTPFields = [:]) {
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers
    }

    public func response(context: AppContext) -> Response {
        var response = Response.json(body(context.issuer, context.requestID), status: code.status)
        response.headers[.contentType] = "application/problem+json"
        for field in headers { response.headers[field.name] = field.value }
        return response
    }

    /// The body of its response.
    public func text(context: AppContext) -> String { text(issuer: context.issuer, requestID: context.requestID) }

    /// The same, where nothing else is known of the request.
    public func text(issuer: Issuer, requestID: Primitives.RequestID) -> String { body(issuer, requestID).text }

    private func body(_ issuer: Issuer, _ requestID: Primitives.RequestID) -> JSONObject {
        var body = JSONObject([
            ("type", .string(issuer.address(code.documentationPath))), ("title", .string(code.title)),
            ("status", .integer(Int64(code.status.code))), ("detail", .string(detail)), ("code", .string(code.rawValue)),
            ("request_id", .string(requestID.rawValue)),
        ])
        if !errors.isEmpty { body.append("errors", .array(errors.map { .object($0.json) })) }
        return body
    }

    /// What an error that no handler answered is to its caller. One that is none of the caller's making is logged here.
    static func answer(to error: any Error, context: AppContext) -> Problem {
        switch error {
        case let problem as Problem:
            return problem
        case let error as any Unavailability where error.isUnavailable:
            return Problem(.temporarilyUnavailable, "The database does not answer.", headers: [.retryAfter: "1"])
        case is NIOTooManyBytesError:
            return Problem(.bodyTooLarge, "The body is larger than this address takes.")
        case FormError.unsupportedMediaType:
            return Problem(.unsupportedMediaType, "Send the form as application/x-www-form-urlencoded.")
        case FormError.malformed:
            return Problem(.malformedBody, "The form has a broken percent escape, bytes that are not UTF-8, or too many fields.")
        case is HTTPParserError:
            return Problem(.malformedBody, "The body's chunks cannot be read.")
        // A handler says so too, of what its address names.
        case let refusal as HTTPError where refusal.status == .notFound:
            return Problem(.notFound, "There is nothing at this address.")
        case let refusal as HTTPError where refusal.status == .methodNotAllowed:
            return Problem(.methodNotAllowed, "This address takes \(refusal.headers[.allow] ?? "").", headers: refusal.headers)
        case let refusal as HTTPError:
            return Problem(ErrorCode(status: refusal.status), refusal.body ?? ErrorCode(status: refusal.status).title, headers: refusal.headers)
        default:
            context.logger.error("request failed", metadata: ["request_id": "\(context.requestID)", "error": "\(error)"])
            return Problem(.internalError, "The request failed on our side. Its id is \(context.requestID).")
        }
    }
}

extension ErrorCode {
    /// The code for a refusal that the HTTP layer itself made.
    init(status: HTTPResponse.Status) {
        self =
            switch status {
            case .notFound: .notFound
            case .methodNotAllowed: .methodNotAllowed
            case .contentTooLarge: .bodyTooLarge
            case .unsupportedMediaType: .unsupportedMediaType
            case .notAcceptable: .notAcceptable
            case .serviceUnavailable: .temporarilyUnavailable
            default: status.code < 500 ? .invalidRequest : .internalError
            }
    }
}
