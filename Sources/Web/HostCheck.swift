import HTTPTypes
public import Hummingbird

/// A request names exactly one host (RFC 9112 §3.2). Two readers of one request must not take different ones.
public struct HostCheck: RequestStep {
    public init() {}

    public func enter(_ request: Request, _ context: inout AppContext) throws {
        // The first Host field became the authority; a second one stayed among the fields.
        guard let host = request.head.authority, !host.isEmpty, request.headers[Self.host] == nil else {
            throw Problem(.invalidRequest, "The request must carry exactly one Host header.")
        }
    }

    private static let host = HTTPField.Name("Host")!
}
