import HTTPTypes
public import Hummingbird

/// The headers that every answer carries, unless its handler set a stricter or a wider one of its own (a consent page's `form-action`).
public struct SecurityHeaders: RequestStep {
    private let fields: [HTTPField]
    private let names: [HTTPField.Name]

    /// - Parameter secure: whether the public address is https; HSTS is sent only then.
    public init(secure: Bool) {
        fields = Self.always + (secure ? [Self.transport] : [])
        names = fields.map(\.name)
    }

    public func leave(_ response: inout Response, to request: Request, _ context: AppContext) {
        // Hardly any answer has one of them already.
        if names.contains(where: response.headers.contains) {
            for field in fields where !response.headers.contains(field.name) { response.headers.append(field) }
        } else {
            response.headers.insert(contentsOf: fields, at: response.headers.endIndex)
        }
    }

    /// The policy of a page.
    /// - Parameter formTargets: origins or schemes besides our own that a form of this page may lead to.
    public static func contentSecurityPolicy(formTargets: [String] = []) -> String {
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            + "form-action \((["'self'"] + formTargets).joined(separator: " ")); base-uri 'none'; frame-ancestors 'none'"
    }

    private static let always = [
        HTTPField(name: .contentSecurityPolicy, value: contentSecurityPolicy()),
        HTTPField(name: .xContentTypeOptions, value: "nosniff"),
        HTTPField(name: .referrerPolicy, value: "no-referrer"),
        HTTPField(name: .crossOriginOpenerPolicy, value: "same-origin"),
        HTTPField(name: .permissionsPolicy, value: "camera=(), geolocation=(), microphone=(), payment=()"),
    ]
    private static let transport = HTTPField(name: .strictTransportSecurity, value: "max-age=63072000; includeSubDomains")
}
