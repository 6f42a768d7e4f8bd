internal import HTTPTypes
public import Hummingbird
public import Web
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import Primitives

/// Answers the errors of pages as pages, unless a program asks there for JSON; elsewhere those who ask for HTML get a page too, but for the API.
public struct HTMLErrors: RequestStep {
    private let pages: PageRenderer

    public init(pages: PageRenderer) { self.pages = pages }

    public func answer(_ error: any Error, to request: Request, _ context: AppContext) throws -> Response {
        guard Self.wantsPage(request) else { throw error }
        return page(for: error, path: request.uri.path, context: context)
    }

    private static func wantsPage(_ request: Request) -> Bool {
        let accept = request.headers[.accept] ?? ""
        guard !accept.contains("text/html") else { return !request.uri.path.hasPrefix("/v1/") && !request.uri.path.hasPrefix("/sandbox/v1/") }
        return PageAddress(request.uri.path) != nil && !accept.contains("json")
    }

    private func page(for error: any Error, path: String, context: AppContext) -> Response {
        let audience = PageAddress.audience(of: path)
        let shell = Shell(audience: audience, title: "", width: .narrow)
        func answer(_ status: HTTPResponse.Status, _ heading: String, _ lead: String, headers: HTTPFields = [:]) -> Response {
            let home =
                switch audience {
                case .customer: Notice.Action("Go to your connections", "/my")
                case .staff: Notice.Action("Go to the audit log", "/staff")
                case .visitor, .developer: Notice.Action("Go to the start page", "/")
                }
            var response = pages.notice(Notice(heading, lead, actions: [home], reference: context.requestID.rawValue), shell: shell, status: status)
            for field in headers { response.headers[field.name] = field.value }
            return response
        }
        if error is FormError {
            return answer(Self.status(of: error), "We could not read the form", "Go back, load the page again and send the form once more.")
        }
        let status = Self.status(of: error)
        switch status {
        case .serviceUnavailable:
            return answer(
                status, "We cannot show this page right now",
                "Too much is going on, or our database does not answer. Wait a moment and load the page again; nothing is lost.", headers: [.retryAfter: "1"])
        case .forbidden:
            return answer(
                status, "We did not accept the form",
                "It did not come from the page we gave you, or that page was too old. Nothing was changed. Go back, load the page again and send the form once more."
            )
        case .notFound:
            return answer(
                .notFound, "There is no page at this address", "If you typed the address, check it. If you followed a link, the page may have been removed.")
        case .methodNotAllowed:
            // With `Allow`, which a 405 has to have (RFC 9110 §15.5.6).
            return answer(
                .methodNotAllowed, "This address does not take a form", "Go back, load the page again and send the form once more.",
                headers: (error as? Problem)?.headers ?? [:])
        case .contentTooLarge: return answer(.contentTooLarge, "That was too much text", "Go back, shorten what you wrote and send the form once more.")
        case _ where status.code < 500: return answer(status, "We did not understand that", "Go back, load the page again and try once more.")
        default:
            context.logger.error("page failed", metadata: ["request_id": "\(context.requestID)", "error": "\(error)"])
            return answer(
                .internalServerError, "Something went wrong on our side", "Load the page again in a moment. If it happens again, tell us the reference below.")
        }
    }

    /// Closed by kind, so that whatever is not the caller's mistake is ours.
    private static func status(of error: any Error) -> HTTPResponse.Status {
        switch error {
        case let error as any Unavailability where error.isUnavailable: .serviceUnavailable
        case FormError.unsupportedMediaType: .unsupportedMediaType
        case FormError.malformed: .badRequest
        case is NIOTooManyBytesError: .contentTooLarge
        case is HTTPParserError: .badRequest
        case let problem as Problem: problem.code.status
        case let error as any HTTPResponseError: error.status
        default: .internalServerError
        }
    }
}
