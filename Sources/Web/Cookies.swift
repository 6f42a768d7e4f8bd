import HTTPTypes
public import Hummingbird

/// How this deployment sets cookies: over TLS each is `__Host-` prefixed and `Secure`; plain HTTP is loopback only, where browsers refuse that prefix.
public struct CookiePolicy: Sendable {
    public let secure: Bool

    public init(secure: Bool) { self.secure = secure }

    /// `wkz_session` becomes `__Host-wkz_session` over TLS.
    public func name(_ base: String) -> String { secure ? "__Host-\(base)" : base }

    public func value(_ base: String, in request: Request) -> String? {
        let wanted = name(base)
        for field in request.headers[values: .cookie] {
            var field = field
            if let value = field.withUTF8({ Self.value(of: wanted, in: $0) }) { return value }
        }
        return nil
    }

    /// Among pairs with semicolons between them (RFC 6265 §5.4).
    private static func value(of wanted: String, in field: UnsafeBufferPointer<UInt8>) -> String? {
        for pair in field.split(separator: UInt8(ascii: ";")) {
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), pair[..<equals].trimmingBlanks.elementsEqual(wanted.utf8) else { continue }
            return String(decoding: pair[(equals + 1)...].trimmingBlanks, as: UTF8.self)
        }
        return nil
    }

    /// - Parameter maxAge: seconds; `nil` lasts as long as the browser runs.
    public func set(_ base: String, to value: String, maxAge: Int? = nil, on response: inout Response) {
        var text = "\(name(base))=\(value); Path=/; HttpOnly; SameSite=Lax"
        if let maxAge { text += "; Max-Age=\(maxAge)" }
        if secure { text += "; Secure" }
        response.headers.append(HTTPField(name: .setCookie, value: text))
    }

    public func remove(_ base: String, from response: inout Response) { set(base, to: "", maxAge: 0, on: &response) }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
    /// Without the spaces and tabs around it.
    fileprivate var trimmingBlanks: Self {
        var rest = self
        while let first = rest.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") { rest.removeFirst() }
        while let last = rest.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") { rest.removeLast() }
        return rest
    }
}
