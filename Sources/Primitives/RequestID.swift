/// One HTTP request, as told in `X-Request-Id`.
package struct RequestID: Identifier {
    package static let prefix = "req_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }
}
