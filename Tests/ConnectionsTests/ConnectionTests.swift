import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import TestSupport
import Testing
import Web

@testable import Connections

@Suite("A connection")
struct ConnectionTests {
    private static let date = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"

    @Test func `a request and its answer`() async throws {
        let peer = try await Peer { request, context in
            #expect(request.method == .post && request.uri.string == "/a?b=c" && request.head.authority == "bank.example" && context.client.text == "127.0.0.1")
            #expect(request.headers == [.contentType: "text/plain", .contentLength: "5"])
            return text("got \(String(buffer: try await request.body.collect(upTo: 10)))")
        }

        try await peer.send("POST /a?b=c HTTP/1.1\r\nHost: bank.example\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhe")
        #expect(try await peer.receivedByNow() == "")
        try await peer.send("llo")

        #expect(try await peer.received() == "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\(Self.date)\r\ngot hello")
        #expect(peer.isOpen)
    }

    @Test func `each request on a connection has its own fields, however like the ones before`() async throws {
        let peer = try await Peer { request, _ in
            text(([request.head.authority ?? "-"] + request.headers.map { "\($0.name.rawName)=\($0.value)" }).joined(separator: " "))
        }
        let many = (0..<40).map { "n\($0): \($0)\r\n" }.joined()
        let requests = [
            ("GET / HTTP/1.1\r\nHost: a\r\nAccept: 1\r\nX-Long: 2\r\n\r\n", "a Accept=1 X-Long=2"),
            ("GET / HTTP/1.1\r\nHost: b\r\nAccept: 3\r\nX-Long: 4\r\n\r\n", "b Accept=3 X-Long=4"),
            ("GET / HTTP/1.1\r\nhost: a\r\naccept: 1\r\nX-LONG: 2\r\n\r\n", "a accept=1 X-LONG=2"),
            ("GET / HTTP/1.1\r\nX-Long: 2\r\nHost: a\r\n\r\n", "a X-Long=2"),
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "a"),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "a Host=b"),
            ("GET http://a/ HTTP/1.1\r\nAccept: 1\r\nHost: a\r\n\r\n", "a Accept=1"),
            ("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n", "a " + (0..<40).map { "n\($0)=\($0)" }.joined(separator: " ")),
            ("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n", "a " + (0..<40).map { "n\($0)=\($0)" }.joined(separator: " ")),
        ]

        for (request, fields) in requests {
            try await peer.send(request)
            let received = try await peer.received().components(separatedBy: "\r\n\r\n").last
            #expect(received == fields)
        }
    }

    @Test func `RFC 9112 §9.3.2 requests sent at once are answered in turn, each begun after the one before`() async throws {
        let running = Atomic(0)
        let most = Atomic(0)
        let peer = try await Peer { request, _ in
            most.max(running.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
            await Task.yield()
            running.subtract(1, ordering: .relaxed)
            return text(request.uri.path)
        }

        try await peer.send((1...5).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        var received = ""
        while received.ranges(of: "HTTP/1.1 200 OK").count < 5 { received += try await peer.received() }

        #expect(received.matches(of: #/\r\n\r\n\/(\d)/#).map(\.1) == ["1", "2", "3", "4", "5"])
        let atOnce = most.load(ordering: .relaxed)
        #expect(atOnce == 1)
    }

    @Test func `more requests than wait at a time are left in the socket, and answered too`() async throws {
        let gate = Gate()
        let peer = try await Peer { _, _ in
            await gate.wait()
            return text("a")
        }
        let before = peer.reads

        try await peer.send(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 12))
        try await peer.read()
        #expect(peer.reads == before)

        gate.open()
        var received = ""
        while received.ranges(of: "HTTP/1.1 200 OK").count < 12 { received += try await peer.received() }
        #expect(peer.reads == before + 1)
    }

    @Test func `an answer to HEAD, and one without content, has no body and the right length`() async throws {
        let peer = try await Peer { request, _ in
            switch request.uri.path {
            case "/none": Response(status: .noContent)
            case "/same": Response(status: .notModified)
            case "/empty": Response(status: .ok)
            default: text("hello")
            }
        }

        try await peer.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await peer.received() == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\(Self.date)\r\n")
        try await peer.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await peer.received() == "HTTP/1.1 204 No Content\r\n\(Self.date)\r\n")
        try await peer.send("GET /same HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await peer.received() == "HTTP/1.1 304 Not Modified\r\n\(Self.date)\r\n")
        try await peer.send("GET /empty HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await peer.received() == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\(Self.date)\r\n")
    }

    @Test func `a large body is written whole`() async throws {
        let peer = try await Peer { _, _ in text(String(repeating: "a", count: 100_000)) }

        try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        var received = try await peer.received()
        while received.utf8.count < 100_000 { received += try await peer.received() }

        #expect(received.hasPrefix("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n") && received.hasSuffix("\r\n\r\n" + String(repeating: "a", count: 100_000)))
    }

    @Test func `a handler that fails is answered 500 without a word of why`() async throws {
        let peer = try await Peer { _, _ in throw CancellationError() }

        try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(try await peer.received() == "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\(Self.date)\r\n")
    }

    @Test func `RFC 9112 §3.2.2 the absolute form of a target is read as its path`() async throws {
        let peer = try await Peer { request, _ in text(request.uri.string) }

        try await peer.send("GET http://bank.example/a?b=c HTTP/1.1\r\nHost: bank.example\r\n\r\n")

        #expect(try await peer.received().hasSuffix("\r\n\r\n/a?b=c"))
    }

    // MARK: The end

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "Connection: close\r\n", false),
        ("GET / HTTP/1.0\r\n\r\n", "Connection: close\r\n", false),
        // RFC 9110 §7.8: it is answered all the same, and its sender knows that it needs a new connection for the next.
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", "Connection: close\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "Connection: keep-alive\r\n", true),
    ])
    func `RFC 9112 §9.3 the client says whether its connection stays`(request: String, field: String, stays: Bool) async throws {
        let peer = try await Peer { _, _ in text("a") }

        try await peer.send(request)

        #expect(try await peer.received() == "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\(Self.date)\(field)\r\na")
        await peer.settle()
        #expect(peer.isOpen == stays)
    }

    @Test func `a server about to stop says that an answer is the last`() async throws {
        let peer = try await Peer(isDraining: { true }) { _, _ in text("a") }

        try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")

        #expect(try await peer.received().contains("\r\nConnection: close\r\n"))
        await peer.settle()
        #expect(!peer.isOpen)
    }

    @Test func `a stop ends a silent connection at once`() async throws {
        let peer = try await Peer { _, _ in text("a") }

        try await peer.fire(ChannelShouldQuiesceEvent())

        #expect(!peer.isOpen)
    }

    @Test(arguments: [true, false])
    func `a stop, and a client that sends no more, still have what was asked before`(stops: Bool) async throws {
        let gate = Gate()
        let peer = try await Peer { request, _ in
            await gate.wait()
            return text(request.uri.path)
        }

        try await peer.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
        if stops { try await peer.fire(ChannelShouldQuiesceEvent()) } else { try await peer.fire(ChannelEvent.inputClosed) }
        #expect(peer.isOpen)
        gate.open()
        var received = try await peer.received()
        while !received.hasSuffix("/2") { received += try await peer.received() }

        #expect(received.ranges(of: "Connection: close").count == 1)
        await peer.settle()
        #expect(!peer.isOpen)
    }

    @Test(arguments: [true, false])
    func `a stop, and a client that sends no more, cut nothing of an answer that is still being sent`(stops: Bool) async throws {
        let peer = try await Peer { _, _ in text("a") }
        try await peer.readNothing()

        try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await peer.answerWaits()
        if stops { try await peer.fire(ChannelShouldQuiesceEvent()) } else { try await peer.fire(ChannelEvent.inputClosed) }
        #expect(peer.isOpen)
        try await peer.readOn()

        #expect(try await peer.received().hasSuffix("\r\n\r\na"))
        #expect(!peer.isOpen)
    }

    @Test func `a client that sends no more and reads nothing is given up`() async throws {
        let peer = try await Peer { _, _ in text("a") }
        try await peer.readNothing()
        try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await peer.answerWaits()
        try await peer.fire(ChannelEvent.inputClosed)

        await peer.wait(ConnectionLimits().idle - .seconds(1))
        #expect(peer.isOpen)
        await peer.wait(.seconds(1))
        #expect(!peer.isOpen)
    }

    @Test func `the work of a request whose client is gone is waited for`() async throws {
        let (began, gate) = (Gate(), Gate())
        let done = Atomic(false)
        let peer = try await Peer { _, _ in
            began.open()
            await gate.wait()
            done.store(true, ordering: .relaxed)
            return text("a")
        }

        try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await began.wait()
        try await peer.hangUp()
        gate.open()
        try await peer.value.end.get()

        let wasDone = done.load(ordering: .relaxed)
        #expect(wasDone)
    }

    // MARK: What is no request

    @Test(arguments: [
        "hello\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ])
    func `bytes that are no request are answered 400, and the connection ends`(bytes: String) async throws {
        let peer = try await Peer { _, _ in text("a") }

        try? await peer.send(bytes)

        #expect(try await peer.receivesRefusal("400 Bad Request", "The request cannot be read."))
    }

    @Test func `a head beyond 80 kB is answered 431`() async throws {
        let peer = try await Peer { _, _ in text("a") }

        try? await peer.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 90_000) + "\r\n\r\n")

        #expect(try await peer.receivesRefusal("431 Request Header Fields Too Large", "The head of the request is too large."))
    }

    @Test func `requests before bytes that are none are answered first`() async throws {
        let gate = Gate()
        let peer = try await Peer { _, _ in
            await gate.wait()
            return text("a")
        }

        try? await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nhello\r\n\r\n")
        gate.open()
        var received = try await peer.received()
        while !received.contains(" 400 ") { received += try await peer.received() }

        #expect(received.hasPrefix("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\(Self.date)\r\naHTTP/1.1 400 Bad Request\r\n"))
    }
}

func text(_ body: String) -> Response { Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: body))) }
