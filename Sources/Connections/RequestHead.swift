internal import HTTPTypes
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1

/// The field names of the request before. A client sends the same ones again in the same order, and what a name may hold is looked at once.
struct FieldNames {
    private var known: [HTTPField.Name] = []

    /// - Parameter index: the field's place in its request.
    mutating func name(_ text: String, at index: Int) -> HTTPField.Name? {
        if index < known.count, known[index].rawName == text { return known[index] }
        guard let name = HTTPField.Name(text) else { return nil }
        known.removeSubrange(min(index, known.count)...)
        // A long one, or a long list, is not worth the memory of an idle connection.
        if index == known.count, index < 32, text.utf8.count <= 64 { known.append(name) }
        return name
    }
}

extension HTTPRequest {
    /// - Throws: `HTTP1TypeConversionError` for a method that is no token.
    init(_ head: HTTPRequestHead, names: inout FieldNames) throws {
        // The library reads every target as an absolute URI, by Foundation's components. All but proxies send the origin form (RFC 9112 §3.2.1), which is the path already.
        guard head.uri.utf8.first == UInt8(ascii: "/") else {
            try self.init(head, secure: false, splitCookie: false)
            return
        }
        var fields = HTTPFields()
        fields.reserveCapacity(head.headers.count)
        var authority: String?
        for (index, (name, value)) in head.headers.enumerated() {
            guard let name = names.name(name, at: index) else { continue }
            if authority == nil && name.canonicalName == "host" { authority = value } else { fields.append(HTTPField(name: name, value: value)) }
        }
        self.init(method: try Method(head.method), scheme: "http", authority: authority, path: head.uri, headerFields: fields)
    }
}
