import Certificates
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Primitives
import Testing

@testable import Backends

@Suite("A backend's connections")
struct BackendTests {
    /// One loop, so that a connection that is idle is the one that is used.
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    private func backend(_ server: ScriptedServer, connections: Int = 8, largestAnswer: Int = 1000) throws -> Backend {
        try Backend(#require(BackendAddress("http://127.0.0.1:\(server.port)")), on: loop, connections: connections, largestAnswer: largestAnswer)
    }

    /// What a server says, told by its body.
    private func ask(_ backend: Backend, _ method: HTTPMethod = .GET, body: String? = nil, within time: TimeAmount = .seconds(20)) async -> String {
        do {
            let answer = try await backend.send(BackendRequest(method, "/v1/things", body: body.map { ByteBuffer(string: $0) }), within: time)
            return "\(answer.status) \(String(buffer: answer.body))"
        } catch {
            return "\(error)"
        }
    }

    private func ok(_ body: String, _ fields: String = "") -> String { "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)" }

    @Test func `one request after another goes over one connection, with Host and nothing that was not given`() async throws {
        let server = try await ScriptedServer { _, request in .answer(ok("\(request)")) }
        let backend = try backend(server)

        #expect(await ask(backend) == "200 0")
        #expect(await ask(backend) == "200 1")
        #expect(server.connections == 1)
        #expect(server.requests.first == "GET /v1/things HTTP/1.1\r\nhost: 127.0.0.1:\(server.port)\r\n\r\n")
        try await server.stop()
    }

    @Test func `a body has its length, and a request without one says so where one could be`() async throws {
        let server = try await ScriptedServer { _, _ in .answer(ok("done")) }
        let backend = try backend(server)

        #expect(await ask(backend, .POST, body: "{}") == "200 done")
        #expect(await ask(backend, .POST) == "200 done")
        #expect(server.requests[0].hasSuffix("content-length: 2\r\n\r\n{}"))
        #expect(server.requests[1].hasSuffix("content-length: 0\r\n\r\n"))
        #expect(server.connections == 1)
        try await server.stop()
    }

    /// RFC 9112 §9.6
    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nno",
    ])
    func `a connection that its server ends is not used again`(answer: String) async throws {
        let server = try await ScriptedServer { connection, _ in connection == 0 ? .answer(answer) : .answer(ok("yes")) }
        let backend = try backend(server)

        #expect(await ask(backend) == "200 no")
        #expect(await ask(backend) == "200 yes")
        #expect(server.connections == 2)
        try await server.stop()
    }

    @Test func `bodies in chunks, bodies up to the end, and answers after interim ones are read`() async throws {
        let answers: [ScriptedServer.Step] = [
            .answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
            .answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + ok("final")),
            .answer("HTTP/1.1 204 No Content\r\n\r\n"),
            .answerAndClose("HTTP/1.1 200 OK\r\n\r\nuntil the end"),
        ]
        let server = try await ScriptedServer { _, request in answers[request] }
        let backend = try backend(server)

        #expect(await ask(backend) == "200 abcde")
        #expect(await ask(backend) == "200 final")
        #expect(await ask(backend) == "204 ")
        #expect(await ask(backend) == "200 until the end")
        #expect(server.connections == 1)
        try await server.stop()
    }

    /// RFC 9112 §9.3.1: the server may close what is idle at the moment that we use it.
    @Test func `what only asks is asked again over a new connection, once, and what changes something is not`() async throws {
        let server = try await ScriptedServer { connection, request in
            switch (connection, request) {
            case (0, 0), (1, 0), (2, 0): .answer(ok("\(connection)"))
            default: .close
            }
        }
        let backend = try backend(server)

        #expect(await ask(backend) == "200 0")
        #expect(await ask(backend) == "200 1")
        #expect(await ask(backend, .POST, body: "{}") == "broken")
        #expect(await ask(backend) == "200 2")
        // Closed where it was used before, and closed where it is new.
        #expect(await ask(backend) == "broken")
        #expect(server.requests.count == 7)
        try await server.stop()
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    ])
    func `half an answer is none, and is not asked for again`(answer: String) async throws {
        let server = try await ScriptedServer { _, request in request == 0 ? .answer(ok("whole")) : .answerAndClose(answer) }
        let backend = try backend(server)

        #expect(await ask(backend) == "200 whole")
        #expect(await ask(backend) == "broken")
        #expect(server.requests.count == 2)
        try await server.stop()
    }

    @Test func `an answer that is too long is not read to its end`() async throws {
        let server = try await ScriptedServer { connection, _ in .answer(ok(String(repeating: "a", count: connection == 0 ? 1001 : 1000))) }
        let backend = try backend(server)

        #expect(await ask(backend) == "tooLong")
        #expect(await ask(backend) == "200 " + String(repeating: "a", count: 1000))
        #expect(server.connections == 2)
        try await server.stop()
    }

    @Test func `bytes behind an answer are not taken for the next one`() async throws {
        let server = try await ScriptedServer { connection, _ in .answer(connection == 0 ? ok("mine") + ok("somebody else's") : ok("mine too")) }
        let backend = try backend(server, connections: 1)

        async let first = ask(backend)
        async let second = ask(backend)

        #expect(await [first, second].sorted() == ["200 mine", "200 mine too"])
        #expect(await ask(backend) == "200 mine too")
        try await server.stop()
    }

    @Test func `who does not answer in time is not waited for, and the connection is not used again`() async throws {
        let server = try await ScriptedServer { connection, _ in connection == 0 ? .silence : .answer(ok("here")) }
        let backend = try backend(server)

        #expect(await ask(backend, within: .milliseconds(1)) == "late")
        #expect(await ask(backend) == "200 here")
        try await server.stop()
    }

    @Test func `who waits for a connection is told in time too`() async throws {
        let server = try await ScriptedServer { _, _ in .silence }
        let backend = try backend(server, connections: 1)

        async let first = ask(backend, within: .milliseconds(1))
        async let second = ask(backend, within: .milliseconds(1))

        #expect(await [first, second] == ["late", "late"])
        try await server.stop()
    }

    @Test func `nobody listens`() async throws {
        let server = try await ScriptedServer { _, _ in .silence }
        let backend = try backend(server)
        try await server.stop()

        #expect(await ask(backend) == "unreachable")
    }

    @Test func `beyond the limit requests wait for a connection, and each has its own answer`() async throws {
        let server = try await ScriptedServer { connection, request in .answer(ok("\(connection).\(request)")) }
        let backend = try backend(server, connections: 3)

        let answers = await withTaskGroup(of: String.self) { group in
            for _ in 0..<60 { group.addTask { await ask(backend) } }
            return await group.reduce(into: Set<String>()) { $0.insert($1) }
        }

        #expect(answers.count == 60)
        #expect(server.connections <= 3)
        try await server.stop()
    }

    @Test func `connections that end let go on who waits`() async throws {
        let server = try await ScriptedServer { connection, _ in .answerAndClose(ok("\(connection)", "Connection: close\r\n")) }
        let backend = try backend(server, connections: 2)

        let answers = await withTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { await ask(backend) } }
            return await group.reduce(into: Set<String>()) { $0.insert($1) }
        }

        #expect(answers == Set((0..<20).map { "200 \($0)" }))
        try await server.stop()
    }

    /// RFC 9110 §4.3.4
    @Test func `over https the server proves its name by an authority that is trusted`() async throws {
        let made = try DevelopmentCertificate.make(hosts: ["localhost"], at: SystemClock().now, randomness: SystemRandom())
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: NIOSSLCertificate.fromPEMBytes(Array(made.certificate.utf8)).map { .certificate($0) },
                privateKey: .privateKey(NIOSSLPrivateKey(bytes: Array(made.key.utf8), format: .pem))))
        let server = try await ScriptedServer(tls: context) { _, _ in .answer(ok("\u{1F512}")) }
        var trusting = TLSConfiguration.makeClientConfiguration()
        trusting.trustRoots = try .certificates(NIOSSLCertificate.fromPEMBytes(Array(made.authority.utf8)))

        for (host, tls, said) in [
            ("localhost", trusting, "200 \u{1F512}"), ("localhost", .makeClientConfiguration(), "broken"), ("127.0.0.1", trusting, "broken"),
        ] {
            let backend = try Backend(#require(BackendAddress("https://\(host):\(server.port)")), on: loop, tls: tls)
            #expect(await ask(backend) == said)
        }
        try await server.stop()
    }

    /// RFC 9112 §11.1, GHSA-cq87-8r7h-962v
    @Test(arguments: [("x-note", "a\r\nx-forged: b"), ("x-note\r\nx-forged: b", "a"), ("x note", "a")])
    func `a field that would be two is not sent`(name: String, value: String) async throws {
        let server = try await ScriptedServer { _, _ in .answer(ok("sent")) }
        let backend = try backend(server)

        await #expect(throws: BackendFailure.self) {
            try await backend.send(BackendRequest(.GET, "/v1/things", headers: [name: value]), within: .milliseconds(500))
        }
        #expect(server.requests.isEmpty)
        try await server.stop()
    }
}
