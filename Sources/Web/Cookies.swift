package import HTTPTypes
package import Hummingbird

/// How this deployment sets cookies: over TLS each is `__Host-` prefixed and `Secure`; plain HTTP is loopback only, where browsers refuse that prefix.
package struct CookiePolicy: Sendable {
    package let secure: Bool

    package init(secure: Bool) { self.secure = secure }

    /// `wkz_session` becomes `__Host-wkz_session` over TLS.
    package func name(_ base: String) -> String { secure ? "__Host-\(base)" : base }

    package func value(_ base: String, in request: Request) -> String? {
        let wanted = name(base)
        for field in request.headers[values: .cookie] {
            for pair in field.split(separator: ";") {
                let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                if halves.count == 2, halves[0].trimmingWhitespace() == wanted { return halves[1].trimmingWhitespace() }
            }
        }
        return nil
    }

    /// - Parameter maxAge: seconds; `nil` lasts as long as the browser runs.
    package func set(_ base: String, to value: String, maxAge: Int? = nil, on response: inout Response) {
        var text = "\(name(base))=\(value); Path=/; HttpOnly; SameSite=Lax"
        if let maxAge { text += "; Max-Age=\(maxAge)" }
        if secure { text += "; Secure" }
        response.headers.append(HTTPField(name: .setCookie, value: text))
    }

    package func remove(_ base: String, from response: inout Response) { set(base, to: "", maxAge: 0, on: &response) }
}
