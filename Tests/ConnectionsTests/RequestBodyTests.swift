import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import Connections

@Suite("A request's body")
struct RequestBodyTests {
    private static let head = "POST / HTTP/1.1\r\nHost: a\r\n"

    @Test(arguments: [
        "Content-Length: 100000\r\n\r\n" + String(repeating: "a", count: 100_000),
        "Transfer-Encoding: chunked\r\n\r\n186A0\r\n" + String(repeating: "a", count: 100_000) + "\r\n0\r\n\r\n",
    ])
    func `a long one, and one of unknown length, arrive while their request is answered`(body: String) async throws {
        let began = Gate()
        let peer = try await Peer { request, _ in
            began.open()
            return text("\(try await request.body.collect(upTo: 100_000).readableBytes)")
        }

        try await peer.send(Self.head + body.prefix(1000))
        await began.wait()
        try await peer.send(String(body.dropFirst(1000)))

        #expect(try await peer.received().hasSuffix("\r\n\r\n100000"))
        try await peer.send(Self.head + "Content-Length: 0\r\n\r\n")
        #expect(try await peer.received().hasSuffix("\r\n\r\n0"))
    }

    @Test func `what a handler has not asked for stays in the socket`() async throws {
        let gate = Gate()
        let peer = try await Peer { request, _ in
            await gate.wait()
            return text("\(try await request.body.collect(upTo: 1_000_000).readableBytes)")
        }
        try await peer.send(Self.head + "Content-Length: 100000\r\n\r\n")
        let before = peer.reads

        for _ in 0..<10 { try await peer.send(String(repeating: "a", count: 10_000)) }
        try await peer.read()
        #expect(peer.reads == before)
        gate.open()

        #expect(try await peer.received().hasSuffix("\r\n\r\n100000"))
        #expect(peer.reads > before)
    }

    @Test func `a handler may answer without it, and the next request is read after it`() async throws {
        let peer = try await Peer { request, _ in request.method == .post ? Response(status: .unauthorized) : text("next") }

        try await peer.send(Self.head + "Content-Length: 100000\r\n\r\n")
        #expect(try await peer.received().hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
        try await peer.send(String(repeating: "a", count: 100_000) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(try await peer.received().hasSuffix("\r\n\r\nnext"))
    }

    @Test func `one that breaks off is an error for its handler, whose answer is the last`() async throws {
        let peer = try await Peer { request, _ in
            do { _ = try await request.body.collect(upTo: 1000) } catch is HTTPParserError { return Response(status: .badRequest) }
            return text("whole")
        }

        try await peer.send(Self.head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        try? await peer.send("nothing\r\n")

        let received = try await peer.received()
        #expect(received.hasPrefix("HTTP/1.1 400 Bad Request\r\n") && received.contains("Connection: close\r\n"))
        #expect(try await peer.receivedByNow() == "")
        #expect(!peer.isOpen)
    }

    @Test func `a connection that ends in the middle of one leaves no handler waiting`() async throws {
        let ended = Atomic(false)
        let peer = try await Peer { request, _ in
            defer { ended.store(true, ordering: .relaxed) }
            return text("\(try await request.body.collect(upTo: 1000).readableBytes)")
        }

        try await peer.send(Self.head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        try? await peer.hangUp()
        try await peer.value.end.get()

        let wasDone = ended.load(ordering: .relaxed)
        #expect(wasDone)
    }

    // MARK: RFC 9110 §10.1.1

    @Test func `RFC 9110 §10.1.1 a client that asks first is told to send when the body is wanted`() async throws {
        let gate = Gate()
        let peer = try await Peer { request, _ in
            await gate.wait()
            return text(String(buffer: try await request.body.collect(upTo: 10)))
        }

        try await peer.send(Self.head + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        #expect(try await peer.receivedByNow() == "")
        gate.open()
        #expect(try await peer.received() == "HTTP/1.1 100 Continue\r\n\r\n")
        try await peer.send("hello")

        #expect(try await peer.received().hasSuffix("\r\n\r\nhello"))
    }

    @Test func `RFC 9110 §10.1.1 a client that asks first and is refused is not told to send, and its connection ends`() async throws {
        let peer = try await Peer { _, _ in Response(status: .unauthorized) }

        try await peer.send(Self.head + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")

        let received = try await peer.received()
        #expect(received.hasPrefix("HTTP/1.1 401 Unauthorized\r\n") && received.contains("Connection: close\r\n"))
        await peer.settle()
        #expect(!peer.isOpen)
    }

    @Test func `a client that asks first while an earlier request is answered keeps its connection`() async throws {
        let gate = Gate()
        let peer = try await Peer { request, _ in
            if request.method == .get { await gate.wait() }
            return text(String(buffer: try await request.body.collect(upTo: 10)))
        }

        try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + Self.head + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        gate.open()
        var received = ""
        while !received.hasSuffix("100 Continue\r\n\r\n") { received += try await peer.received() }
        #expect(received.hasPrefix("HTTP/1.1 200 OK\r\n") && !received.contains("Connection: close"))
        try await peer.send("hello")

        #expect(try await peer.received().hasSuffix("\r\n\r\nhello"))
    }
}
