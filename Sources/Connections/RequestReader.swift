internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import NIOHTTP1

/// A request that can be answered: whole, or with the rest of its body on the way.
struct IncomingRequest {
    let request: Request
    /// Whether the connection ends with the answer: because the client asked for that (RFC 9112 §9.3), or because the parser takes no more.
    let isLast: Bool
    /// Whether it must be told that its connection stays: HTTP/1.0 takes that for granted never.
    let mustConfirmKeepAlive: Bool
}

/// Puts requests together from their parts.
struct RequestReader {
    private enum Progress {
        case between
        case collecting(HTTPRequestHead, HTTPRequest, ByteBuffer)
        case streaming(RequestStream.Parts.Source)
    }

    private let wholeBody: Int
    private var progress = Progress.between
    private var names = FieldNames()

    /// - Parameter wholeBody: bytes of a body that are waited for before its request is answered.
    init(wholeBody: Int) { self.wholeBody = wholeBody }

    var isBetweenRequests: Bool {
        if case .between = progress { true } else { false }
    }

    /// Whether a handler may be reading the body.
    var isStreaming: Bool {
        if case .streaming = progress { true } else { false }
    }

    /// - Parameter stream: makes the body of a request that does not wait for it.
    /// - Returns: a request whose body is longer than what is waited for, or of unknown length.
    /// - Throws: `HTTP1TypeConversionError`.
    mutating func begin(_ head: HTTPRequestHead, stream: () -> (stream: RequestStream, source: RequestStream.Parts.Source)) throws -> IncomingRequest? {
        let request = try HTTPRequest(head, names: &names)
        if let length = head.bodyLength, length <= wholeBody, !head.expectsContinue {
            progress = .collecting(head, request, ByteBuffer())
            return nil
        }
        let made = stream()
        progress = .streaming(made.source)
        return IncomingRequest(head, Request(head: request, body: RequestBody(asyncSequence: made.stream)))
    }

    /// - Returns: whether more is wanted now.
    mutating func append(_ part: ByteBuffer) -> Bool {
        switch progress {
        case .between: return true
        case .collecting(let head, let request, var body):
            progress = .between  // so that the buffer has one owner and is not copied
            if body.readableBytes == 0 { body = part } else { body.writeImmutableBuffer(part) }
            progress = .collecting(head, request, body)
            return true
        case .streaming(let source): return source.yield(part) != .stopProducing
        }
    }

    /// - Returns: a request that is now whole.
    mutating func end() -> IncomingRequest? {
        defer { progress = .between }
        switch progress {
        case .between: return nil
        case .collecting(let head, let request, let body): return IncomingRequest(head, Request(head: request, body: RequestBody(buffer: body)))
        case .streaming(let source):
            source.finish()
            return nil
        }
    }

    /// Nothing more will come.
    mutating func abandon() {
        if case .streaming(let source) = progress { source.finish(HTTPParserError.invalidEOFState) }
        progress = .between
    }
}

extension IncomingRequest {
    fileprivate init(_ head: HTTPRequestHead, _ request: consuming Request) {
        self.request = request
        isLast = !head.isKeepAlive || head.offersAnotherProtocol
        mustConfirmKeepAlive = head.isKeepAlive && head.version == .http1_0
    }
}

extension HTTPRequestHead {
    /// RFC 9110 §7.8. It is answered in this one, after which the parser expects the other.
    fileprivate var offersAnotherProtocol: Bool { headers.contains(name: "upgrade") || method == .CONNECT }

    /// `nil` for a body that comes in chunks. The parser has refused what is no number, and both fields together (RFC 9112 §6.3).
    fileprivate var bodyLength: Int? {
        if headers.contains(name: "transfer-encoding") { return nil }
        return headers.first(name: "content-length").map { Int($0) ?? .max } ?? 0
    }
}
