internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore

/// The bytes of one answer.
struct Answer {
    /// Head and body, apart where joining them would copy a large body.
    let parts: [ByteBuffer]
    /// Whether the connection ends with it.
    let isLast: Bool

    private static let largest = 16 * 1024

    init(_ response: HTTPResponse, body: [ByteBuffer], to method: HTTPRequest.Method, date: String, connection: String?) {
        let length = body.reduce(0) { $0 + $1.readableBytes }
        let isBodiless = method == .head || response.status.hasNoContent
        var head = ByteBuffer()
        head.reserveCapacity(768 + (length <= Self.largest && !isBodiless ? length : 0))
        head.writeStaticString("HTTP/1.1 ")
        head.writeString(String(response.status.code))
        head.writeStaticString(" ")
        head.writeString(response.status.reasonPhrase)
        var hasLength = false
        for field in response.headerFields {
            if field.name == .contentLength {
                // RFC 9110 §8.6: none beside a status that never has content.
                if response.status.hasNoContent { continue }
                hasLength = true
            }
            head.writeField(field.name.rawName, field.value)
        }
        // What answers HEAD has told what GET would bring.
        if !hasLength, !response.status.hasNoContent { head.writeField("Content-Length", String(length)) }
        head.writeField("Date", date)
        if let connection { head.writeField("Connection", connection) }
        head.writeStaticString("\r\n\r\n")
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

extension ByteBuffer {
    fileprivate mutating func writeField(_ name: String, _ value: String) {
        writeStaticString("\r\n")
        writeString(name)
        writeStaticString(": ")
        writeString(value)
    }
}
