import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import Composition

@Suite("A request that does not arrive")
struct RequestDeadlineTests {
    private let request = HTTPRequest(method: .post, scheme: "http", authority: "localhost", path: "/")

    @Test func `a body that stops on its way is answered 408 and the connection ends`() throws {
        let channel = try channel()

        try channel.writeInbound(HTTPRequestPart.head(request))
        try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "a")))
        channel.embeddedEventLoop.advanceTime(by: .seconds(30))

        let answer = try #require(try channel.readOutbound(as: HTTPResponsePart.self))
        #expect(answer == .head(HTTPResponse(status: .requestTimeout, headerFields: [.connection: "close", .contentLength: "0"])))
        #expect(!channel.isActive)
    }

    @Test func `a byte now and then does not move the deadline`() throws {
        let channel = try channel()

        try channel.writeInbound(HTTPRequestPart.head(request))
        for _ in 0..<10 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(3))
            if channel.isActive { try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "a"))) }
        }

        #expect(!channel.isActive)
    }

    @Test func `a request that arrived whole may take its time to be answered`() throws {
        let channel = try channel()

        try channel.writeInbound(HTTPRequestPart.head(request))
        try channel.writeInbound(HTTPRequestPart.end(nil))
        channel.embeddedEventLoop.advanceTime(by: .hours(1))

        #expect(channel.isActive)
        _ = try channel.finish()
    }

    @Test func `an answer that has begun is not followed by another`() throws {
        let channel = try channel()

        try channel.writeInbound(HTTPRequestPart.head(request))
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .unauthorized)))
        channel.embeddedEventLoop.advanceTime(by: .seconds(30))

        let answer = try #require(try channel.readOutbound(as: HTTPResponsePart.self))
        #expect(answer == .head(HTTPResponse(status: .unauthorized)))
        #expect(try channel.readOutbound(as: HTTPResponsePart.self) == nil)
        #expect(!channel.isActive)
    }

    @Test func `each request of a connection has the whole time`() throws {
        let channel = try channel()

        for _ in 0..<3 {
            try channel.writeInbound(HTTPRequestPart.head(request))
            channel.embeddedEventLoop.advanceTime(by: .seconds(20))
            try channel.writeInbound(HTTPRequestPart.end(nil))
            try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
            try channel.writeOutbound(HTTPResponsePart.end(nil))
        }

        #expect(channel.isActive)
        _ = try channel.finish()
    }

    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: RequestDeadline(.seconds(30)))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }
}
