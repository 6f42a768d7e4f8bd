import HTTPTypes
import Hummingbird
import NIOCore
import TestSupport
import Testing

@testable import Connections

@Suite("A connection that keeps the server waiting")
struct PatienceTests {
    private static let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"

    @Test func `a body that stops on its way is answered 408 and the connection ends`() async throws {
        let peer = try await Peer { _, _ in text("a") }

        try await peer.send(Self.head + "a")
        await peer.wait(.seconds(29))
        #expect(peer.isOpen)
        await peer.wait(.seconds(1))

        #expect(try await peer.receivesRefusal("408 Request Timeout", "The request did not arrive in time."))
    }

    @Test func `a byte now and then does not move the deadline`() async throws {
        let peer = try await Peer { _, _ in text("a") }

        try await peer.send(Self.head)
        for _ in 0..<9 {
            await peer.wait(.seconds(3))
            try await peer.send("a")
        }
        #expect(peer.isOpen)
        await peer.wait(.seconds(3))

        #expect(!peer.isOpen)
    }

    @Test func `a handler that waits for a body is not left waiting`() async throws {
        let peer = try await Peer { request, _ in text("\(try await request.body.collect(upTo: 1000).readableBytes)") }

        try await peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        await peer.wait(.seconds(30))

        #expect(try await peer.receivesRefusal("408 Request Timeout", "The request did not arrive in time."))
        try await peer.value.end.get()
    }

    @Test func `a request that arrived whole may take its time to be answered`() async throws {
        let gate = Gate()
        let peer = try await Peer { _, _ in
            await gate.wait()
            return text("late")
        }

        try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await peer.wait(.hours(1))
        gate.open()

        #expect(try await peer.received().hasSuffix("late"))
        #expect(peer.isOpen)
    }

    @Test func `the answer to an earlier request is not cut by a later one that does not arrive`() async throws {
        let gate = Gate()
        let peer = try await Peer { _, _ in
            await gate.wait()
            return text("late")
        }

        try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + Self.head)
        await peer.wait(.seconds(30))
        #expect(peer.isOpen)
        gate.open()

        #expect(try await peer.received().hasSuffix("Connection: close\r\n\r\nlate"))
        await peer.settle()
        #expect(!peer.isOpen)
    }

    @Test func `an answer given before its body arrived is followed by no other`() async throws {
        let peer = try await Peer { _, _ in Response(status: .unauthorized) }

        try await peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        #expect(try await peer.received().hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
        await peer.wait(.seconds(30))

        #expect(try await peer.receivedByNow() == "")
        #expect(!peer.isOpen)
    }

    @Test func `each request of a connection has the whole time`() async throws {
        let peer = try await Peer { _, _ in text("a") }

        for _ in 0..<3 {
            try await peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")
            await peer.wait(.seconds(29))
            try await peer.send("a")
            #expect(try await peer.received().hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test func `a silent connection ends after a minute, counted from its last answer`() async throws {
        let peer = try await Peer { _, _ in text("a") }

        await peer.wait(.seconds(59))
        try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try await peer.received()
        await peer.wait(.seconds(59))
        #expect(peer.isOpen)
        await peer.wait(.seconds(1))

        #expect(!peer.isOpen)
    }

    @Test func `half a head is silence`() async throws {
        let peer = try await Peer { _, _ in text("a") }

        for _ in 0..<20 {
            try await peer.send("G")
            await peer.wait(.seconds(3))
        }

        #expect(!peer.isOpen)
    }
}
