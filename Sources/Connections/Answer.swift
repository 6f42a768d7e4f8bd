internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import Primitives

/// The bytes of one answer.
struct Answer {
    /// Head and body, apart where joining them would copy a large body.
    let parts: [ByteBuffer]
    /// Whether the connection ends with it.
    let isLast: Bool

    private static let largest = 16 * 1024

    init(_ response: HTTPResponse, body: [ByteBuffer], to method: HTTPRequest.Method, date: String, connection: String?) {
        let length = body.reduce(0) { $0 + $1.readableBytes }
        let status = response.status
        let hasNoContent = status.hasNoContent
        let isBodiless = method == .head || hasNoContent
        var text: [UInt8] = []
        text.reserveCapacity(1024)
        text.append(text: "HTTP/1.1 ")
        text.append(decimal: Int64(status.code))
        text.append(UInt8(ascii: " "))
        text.append(text: status.reasonPhrase)
        // RFC 9110 §8.6: no length beside a status that never has content. What answers HEAD has told what GET would bring.
        let fields = response.headerFields
        // By places: a field that is taken out whole has its parts counted three times.
        for place in fields.indices where !hasNoContent || fields[place].name != .contentLength {
            text.append(field: fields[place].name.rawName, fields[place].value)
        }
        if !hasNoContent, !fields.contains(.contentLength) { text.append(field: "Content-Length", String(length)) }
        text.append(field: "Date", date)
        if let connection { text.append(field: "Connection", connection) }
        text.append(text: "\r\n\r\n")
        var head = ByteBufferAllocator().buffer(capacity: text.count + (length <= Self.largest && !isBodiless ? length : 0))
        head.writeBytes(text)
        isLast = connection == "close"
        if isBodiless || length == 0 {
            parts = [head]
        } else if length <= Self.largest {
            for part in body { head.writeImmutableBuffer(part) }
            parts = [head]
        } else {
            parts = [head] + body
        }
    }
}

/// Takes down the body that a handler writes.
final class BodyCollector: ResponseBodyWriter {
    private(set) var parts: [ByteBuffer] = []

    func write(_ buffer: ByteBuffer) async throws { parts.append(buffer) }
    func finish(_ trailers: HTTPFields?) async throws {}
}

extension HTTPResponse.Status {
    /// RFC 9110 §6.4.1.
    fileprivate var hasNoContent: Bool { kind == .informational || self == .noContent || self == .notModified }
}

extension [UInt8] {
    fileprivate mutating func append(field name: String, _ value: String) {
        append(UInt8(ascii: "\r"))
        append(UInt8(ascii: "\n"))
        append(text: name)
        append(UInt8(ascii: ":"))
        append(UInt8(ascii: " "))
        append(text: value)
    }
}
