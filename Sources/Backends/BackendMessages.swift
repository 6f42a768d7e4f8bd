public import NIOCore
public import NIOHTTP1

/// What is asked of a backend.
public struct BackendRequest: Sendable {
    public let method: HTTPMethod
    /// Path and query, in an address's characters.
    public let target: String
    public var headers: HTTPHeaders
    public let body: ByteBuffer?

    public init(_ method: HTTPMethod, _ target: String, headers: HTTPHeaders = [:], body: ByteBuffer? = nil) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }

    /// Whether it asks and changes nothing, so that it may be sent again (RFC 9110 §9.2.1).
    var isSafe: Bool { method == .GET || method == .HEAD }
}

/// What it answered.
public struct BackendAnswer: Sendable {
    public let status: Int
    public let headers: HTTPHeaders
    public let body: ByteBuffer
}

/// Why there is no answer.
public enum BackendFailure: Error, Hashable, Sendable {
    /// No connection came about.
    case unreachable
    /// It did not answer in time. What it was asked may have been done.
    case late
    /// The connection ended, or what came is no HTTP. What it was asked may have been done.
    case broken
    /// The answer is longer than we take.
    case tooLong
}
