public import HTTPTypes
public import Hummingbird
import Primitives
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
        var response = Response.json(body(context), status: code.status)
        response.headers[.contentType] = "application/problem+json"
        for field in headers { response.headers[field.name] = field.value }
        return response
    }

    /// The body of its response.
    public func text(context: AppContext) -> String { body(context).text }

    private func body(_ context: AppContext) -> JSONObject {
        var body = JSONObject([
            ("type", .string(context.issuer.address("/docs/errors/\(code.rawValue)"))), ("title", .string(code.title)),
            ("status", .integer(Int64(code.status.code))), ("detail", .string(detail)), ("code", .string(code.rawValue)),
            ("request_id", .string(context.requestID.rawValue)),
        ])
        if !errors.isEmpty { body.append("errors", .array(errors.map { .object($0.json) })) }
        return body
    }

    /// The answer to an error that no handler turned into one.
    public static func response(for error: any Error, context: AppContext) -> Response {
        switch error {
        case let problem as Problem:
            return problem.response(context: context)
        case let error as any Unavailability where error.isUnavailable:
            return Problem(.temporarilyUnavailable, "The database does not answer.", headers: [.retryAfter: "1"]).response(context: context)
        case is NIOTooManyBytesError:
            return Problem(.bodyTooLarge, "The body is larger than this address takes.").response(context: context)
        case FormError.unsupportedMediaType:
            return Problem(.unsupportedMediaType, "Send the form as application/x-www-form-urlencoded.").response(context: context)
        case FormError.malformed:
            return Problem(.malformedBody, "The form has a broken percent escape, bytes that are not UTF-8, or too many fields.").response(context: context)
        case is HTTPParserError:
            return Problem(.malformedBody, "The body's chunks cannot be read.").response(context: context)
        case let error as HTTPError:
            return Problem(ErrorCode(status: error.status), error.body ?? ErrorCode(status: error.status).title, headers: error.headers)
                .response(context: context)
        default:
            context.logger.error("request failed", metadata: ["request_id": "\(context.requestID)", "error": "\(error)"])
            return Problem(.internalError, "The request failed on our side. Its id is \(context.requestID).").response(context: context)
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
