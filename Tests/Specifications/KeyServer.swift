import Applications
import Hummingbird
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import Storage
import Synchronization
import TestSupport
import Testing

/// A partner's own web server, which publishes its keys and counts who asks.
final class KeyServer: Sendable {
    private let answer: Mutex<Response>
    private let asked = Mutex(0)
    private let silence = Mutex<Gate?>(nil)
    private let crowd: Int
    /// Opens when so many have asked as are a crowd.
    let isAsked = Gate()

    init(_ keys: TestKey..., crowd: Int = 1) {
        answer = Mutex(Self.response(JWKSet(keys.map(\.jwk)).text))
        self.crowd = crowd
    }

    static func response(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: [.contentType: "application/jwk-set+json"], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    var count: Int { asked.withLock { $0 } }
    func publish(_ keys: TestKey...) { answer(Self.response(JWKSet(keys.map(\.jwk)).text)) }
    func answer(_ response: Response) { answer.withLock { $0 = response } }
    /// Says nothing until the gate opens.
    func fallSilent(until gate: Gate) { silence.withLock { $0 = gate } }

    /// Runs the body with the address of the keys.
    static func run(_ keyServer: KeyServer, _ body: @escaping @Sendable (String) async throws -> Void) async throws {
        let router = Router()
        router.get("/jwks") { _, _ in await keyServer.respond() }
        try await Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), logger: .quiet).test(.live) {
            partner async throws in
            try await body("http://127.0.0.1:\(try #require(partner.port))/jwks")
        }
    }

    /// Runs the body with an app that names this server's `jwks_uri`.
    static func run(_ keyServer: KeyServer, demo: Bool = true, _ body: @escaping @Sendable (TestServer, TestApp) async throws -> Void) async throws {
        try await run(keyServer) { address in
            try await TestServer.run(.sqlite, demo: demo) { server async throws in
                try await body(server, try await server.registerWithKeys(at: address))
            }
        }
    }

    private func respond() async -> Response {
        let number = asked.withLock { asked in
            asked += 1
            return asked
        }
        if number == crowd { isAsked.open() }
        await silence.withLock { $0 }?.wait()
        return answer.withLock { $0 }
    }
}

extension TestServer {
    func registerWithKeys(at address: String) async throws -> TestApp {
        var metadata = ClientMetadata()
        metadata.jwksURI = address
        return try await register(.backend, method: .privateKeyJWT, world: nil, metadata: metadata)
    }

    /// A second app of the same organisation.
    func sibling(of app: TestApp, withKeysAt address: String) async throws -> TestApp {
        var metadata = ClientMetadata()
        metadata.jwksURI = address
        return try await sibling(of: app, .backend, method: .privateKeyJWT, metadata: metadata)
    }

    /// Whether an assertion of this key authenticates the app.
    func accepts(_ key: TestKey, of app: TestApp) async throws -> Bool { try await asserted(by: key, of: app).status == .ok }

    /// What a request is answered that an assertion of this key comes with.
    func asserted(by key: TestKey, of app: TestApp) async throws -> TestResponse {
        let assertion = try key.assertion(of: app.clientID, at: clock.now)
        return try await post("/oauth2/introspect", form: app.fields(assertion) + [("token", "x")])
    }
}
