import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("RFC 9207 · Issuer identification")
struct RFC9207Tests {
    @Test(arguments: Engine.available)
    func `§2 a code and an error both name the issuer`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()

            #expect(try await server.authorize(app).parameters.all("iss") == [TestServer.issuer.text])
            #expect(try await server.authorize(app, decision: "reject").parameters.all("iss") == [TestServer.issuer.text])
            #expect(try await server.answer(app, [("prompt", "none")]).all("iss") == [TestServer.issuer.text])
        }
    }

    @Test(arguments: Engine.available)
    func `§3 an answer holds nothing that was not asked for`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()

            #expect(Set(try await server.authorize(app).parameters.pairs.map(\.name)) == ["code", "state", "iss"])
            #expect(Set(try await server.answer(app, [("prompt", "none")]).pairs.map(\.name)) == ["error", "error_description", "error_uri", "state", "iss"])
        }
    }
}
