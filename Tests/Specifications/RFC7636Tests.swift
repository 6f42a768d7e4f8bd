import Applications
import HTTPTypes
import HummingbirdTesting
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

@Suite("RFC 7636 · Proof key for code exchange")
struct RFC7636Tests {
    @Test(arguments: Engine.available)
    func `§4-6 the verifier of the request redeems the code`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            for kind in [
                try await server.register(), try await server.register(.singlePage, name: "Single page"), try await server.register(.native, name: "Native"),
            ] {
                #expect(try await server.redeem(server.authorize(kind), by: kind).status == .ok)
            }
        }
    }

    @Test(arguments: Engine.available)
    func `§4-6 another verifier, none, a short one or the challenge itself does not`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            let app = try await server.register()
            let authorization = try await server.authorize(app)

            for verifier in [
                TestServer.challenge, String(TestServer.verifier.dropLast()), TestServer.verifier + "x", TestServer.verifier.uppercased(), "x",
                String(repeating: "a", count: 129),
            ] {
                let response = try await server.redeem(authorization, by: app, [("code_verifier", verifier)])
                #expect(response.errorCode == "invalid_grant", "\(verifier)")
            }
            #expect(try await server.redeem(authorization, by: app, [("code_verifier", "")]).errorCode == "invalid_grant")
            #expect(try await server.redeem(authorization, by: app).status == .ok)
        }
    }

    @Test(arguments: Engine.available)
    func `§4-4-1 a request without a challenge, with plain or with another method is refused, for every kind of app`(engine: Engine) async throws {
        try await TestServer.run(engine) { server in
            for app in [try await server.register(), try await server.register(.singlePage, name: "Single page")] {
                let refused: [[(name: String, value: String)]] = [
                    [("code_challenge", "")], [("code_challenge", ""), ("code_challenge_method", "")], [("code_challenge_method", "")],
                    [("code_challenge_method", "plain")], [("code_challenge_method", "plain"), ("code_challenge", TestServer.verifier)],
                    [("code_challenge_method", "S512")], [("code_challenge", "short")], [("code_challenge", String(repeating: "!", count: 43))],
                ]
                for changes in refused {
                    let answer = try await server.answer(app, changes)
                    #expect(answer["error"] == "invalid_request", "\(changes)")
                    #expect(answer["state"] == "af0ifjsldkj")
                }
            }
        }
    }
}
