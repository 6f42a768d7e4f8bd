internal import HTTPTypes
internal import Primitives
internal import Web

/// The answer to what never became a request. Nothing of it is believed, not even where it was going; its id stands in the log.
struct UnreadableRequest {
    let status: HTTPResponse.Status
    let id: RequestID
    let interactionID: UUIDText
    let issuer: Issuer

    private static let code = ErrorCode.unreadableRequest

    var head: HTTPResponse {
        HTTPResponse(
            status: status,
            headerFields: [
                .contentType: "application/problem+json", .cacheControl: "no-store", .requestID: id.rawValue, .interactionID: interactionID.text,
            ])
    }

    /// A problem (RFC 9457 §3.1), and an OAuth error (RFC 6749 §5.2): what came may have been meant for either's reader.
    var body: String {
        """
        {"type":"\(issuer.address(Self.code.documentationPath))","title":"\(Self.code.title)","status":\(status.code),"detail":"\(detail)",\
        "code":"\(Self.code.rawValue)","error":"invalid_request","error_description":"\(detail)","request_id":"\(id.rawValue)"}
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
