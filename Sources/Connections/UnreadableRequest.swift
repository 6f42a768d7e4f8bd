internal import HTTPTypes
internal import Primitives
internal import Web

/// The answer to what never became a request. Nothing of it is believed, not even where it was going; its id stands in the log.
struct UnreadableRequest {
    let status: HTTPResponse.Status
    let id: RequestID

    var head: HTTPResponse {
        HTTPResponse(status: status, headerFields: [.contentType: "application/problem+json", .cacheControl: "no-store", .requestID: id.rawValue])
    }

    /// A problem of a type that tells no more than the status (RFC 9457 §4.2.1), and an OAuth error (RFC 6749 §5.2): what came may have been meant for
    /// either's reader.
    var body: String {
        """
        {"type":"about:blank","title":"\(status.reasonPhrase)","status":\(status.code),"detail":"\(detail)","code":"invalid_request",\
        "error":"invalid_request","error_description":"\(detail)","request_id":"\(id.rawValue)"}
        """
    }

    private var detail: String {
        switch status {
        case .requestTimeout: "The request did not arrive in time."
        case .requestHeaderFieldsTooLarge: "The head of the request is too large."
        default: "The request cannot be read."
        }
    }
}
