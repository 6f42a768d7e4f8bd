import Applications
import Hummingbird
import HummingbirdTesting
import JOSE
import JSON
import NIOCore
import OAuth
import Primitives
import Storage
import Synchronization
import TestSupport
import Testing
import Web

/// A partner's own web server, which publishes its keys and counts who asks.
private final class KeyServer: Sendable {
    private let answer: Mutex<Response>
    private let asked = Mutex(0)

    init(_ keys: TestKey...) { answer = Mutex(Self.response(JWKSet(keys.map(\.jwk)).text)) }

    static func response(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: [.contentType: "application/jwk-set+json"], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    var count: Int { asked.withLock { $0 } }
    func publish(_ keys: TestKey...) { answer(Self.response(JWKSet(keys.map(\.jwk)).text)) }
    func answer(_ response: Response) { answer.withLock { $0 = response } }

    /// Runs the body with an app that names this server's `jwks_uri`.
    static func run(_ keyServer: KeyServer, demo: Bool = true, _ body: @escaping @Sendable (TestServer, TestApp) async throws -> Void) async throws {
        let router = Router()
        router.get("/jwks") { _, _ in keyServer.respond() }
        try await Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: .quiet).test(.live) { partner async throws in
            let port = try #require(partner.port)
            try await TestServer.run(.sqlite, demo: demo) { server async throws in
                var metadata = ClientMetadata()
                metadata.jwksURI = "http://127.0.0.1:\(port)/jwks"
                let app = try await server.register(.backend, method: .privateKeyJWT, world: nil, metadata: metadata)
                try await body(server, app)
            }
        }
    }

    private func respond() -> Response {
        asked.withLock { $0 += 1 }
        return answer.withLock { $0 }
    }
}

extension TestServer {
    fileprivate func accepts(_ key: TestKey, of app: TestApp) async throws -> Bool {
        let assertion = try key.assertion(of: app.clientID, at: clock.now)
        return try await post("/oauth2/introspect", form: app.fields(assertion) + [("token", "x")]).status == .ok
    }
}

@Suite("Keys that an app publishes at its jwks_uri")
struct ClientKeysTests {
    @Test func `they are read once a minute`() async throws {
        let key = try TestKey()
        let keyServer = KeyServer(key)
        try await KeyServer.run(keyServer) { server, app async throws in
            for _ in 0..<3 { #expect(try await server.accepts(key, of: app)) }
            #expect(keyServer.count == 1)

            server.clock.advance(by: .seconds(60))
            #expect(try await server.accepts(key, of: app))
            #expect(keyServer.count == 2)
        }
    }

    @Test func `a key that was published a moment ago is found`() async throws {
        let (old, new) = (try TestKey(id: "old"), try TestKey(id: "new"))
        let keyServer = KeyServer(old)
        try await KeyServer.run(keyServer) { server, app async throws in
            #expect(try await server.accepts(old, of: app))
            keyServer.publish(old, new)
            server.clock.advance(by: .seconds(1))

            #expect(try await server.accepts(new, of: app))
            #expect(try await server.accepts(old, of: app))
            #expect(keyServer.count == 2)
        }
    }

    @Test func `a withdrawn key stops working within a minute`() async throws {
        let (old, new) = (try TestKey(id: "old"), try TestKey(id: "new"))
        let keyServer = KeyServer(old)
        try await KeyServer.run(keyServer) { server, app async throws in
            #expect(try await server.accepts(old, of: app))
            keyServer.publish(new)
            server.clock.advance(by: .seconds(60))

            #expect(try await !server.accepts(old, of: app))
        }
    }

    /// CA-18
    @Test func `a flood of unknown kids makes two readings a minute at most`() async throws {
        let key = try TestKey()
        let keyServer = KeyServer(key)
        try await KeyServer.run(keyServer) { server, app in
            #expect(try await server.accepts(key, of: app))
            for number in 0..<50 {
                server.clock.advance(by: .seconds(1))
                let stranger = try TestKey(id: "unknown-\(number)")
                #expect(try await !server.accepts(stranger, of: app))
            }
            #expect(keyServer.count == 2)
        }
    }

    @Test func `an answer that is no key set, too long, a redirect or an error gives no key`() async throws {
        let key = try TestKey()
        let keyServer = KeyServer(key)
        let set = JWKSet([key.jwk]).text
        var redirect = KeyServer.response("", status: .found)
        redirect.headers[.location] = "/jwks"
        let answers = [
            KeyServer.response("[]"), KeyServer.response("no JSON"), KeyServer.response(set, status: .internalServerError), redirect,
            KeyServer.response(#"{"keys":[{"kty":"oct","k":"AA"}]}"#), KeyServer.response(set + String(repeating: " ", count: 65_536)),
        ]
        try await KeyServer.run(keyServer) { server, app async throws in
            for answer in answers {
                keyServer.answer(answer)
                server.clock.advance(by: .minutes(2))
                #expect(try await !server.accepts(key, of: app))
            }
            keyServer.publish(key)
            server.clock.advance(by: .minutes(2))
            #expect(try await server.accepts(key, of: app))
        }
    }

    /// RG-05
    @Test func `outside the demo this machine is not asked`() async throws {
        let key = try TestKey()
        let keyServer = KeyServer(key)
        try await KeyServer.run(keyServer, demo: false) { server, app async throws in
            #expect(try await !server.accepts(key, of: app))
            #expect(keyServer.count == 0)
        }
    }
}
