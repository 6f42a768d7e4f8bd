/// One HTTP request, as told in `X-Request-Id`.
public struct RequestID: Identifier {
    public static let prefix = "req_"
    public let rawValue: String
    public init(trusted rawValue: String) { self.rawValue = rawValue }
}
