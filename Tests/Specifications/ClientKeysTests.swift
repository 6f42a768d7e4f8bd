import Applications
import Hummingbird
import HummingbirdTesting
import JOSE
import OAuth
import Primitives
import Storage
import TestSupport
import Testing
import Web

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

    @Test func `keys that cannot be read are told from a key that is not there`() async throws {
        let (key, stranger) = (try TestKey(), try TestKey(id: "unknown"))
        let keyServer = KeyServer(key)
        let set = JWKSet([key.jwk]).text
        let answers = [
            KeyServer.response("no JSON"), KeyServer.response(set, status: .notFound), KeyServer.response(set + String(repeating: " ", count: 65_536)),
        ]
        try await KeyServer.run(keyServer) { server, app async throws in
            for answer in answers {
                keyServer.answer(answer)
                server.clock.advance(by: .minutes(2))
                let refused = try await server.asserted(by: key, of: app)
                #expect(refused.status == .unauthorized && refused.errorCode == "invalid_client")
                #expect(refused.json["error_description"] as? String == "The jwks_uri of the app could not be read.")
            }
            keyServer.publish(key)
            server.clock.advance(by: .minutes(2))
            let unknown = try await server.asserted(by: stranger, of: app)
            #expect(unknown.json["error_description"] as? String == ClientAssertion.Refusal.noKey.message)
        }
    }

    @Test func `whether nobody answers at a jwks_uri or it may not be called is told to no stranger`() async throws {
        let key = try TestKey()
        for (isDemo, address) in [(true, "http://127.0.0.1:1/jwks"), (false, "https://127.0.0.1:1/jwks"), (false, "http://127.0.0.1:1/jwks")] {
            try await TestServer.run(.sqlite, demo: isDemo) { server async throws in
                let refused = try await server.asserted(by: key, of: server.registerWithKeys(at: address))

                #expect(refused.json["error_description"] as? String == "The jwks_uri of the app could not be read.")
            }
        }
    }

    @Test func `RFC 9101 §6-2 a request object whose keys cannot be read is refused as that`() async throws {
        let key = try TestKey()
        try await TestServer.run(.sqlite) { server async throws in
            var metadata = ClientMetadata()
            metadata.jwksURI = "http://127.0.0.1:1/jwks"
            let app = try await server.register(method: .privateKeyJWT, metadata: metadata)

            let answer = try await server.answer(app, [("request", key.sign([:]))])

            #expect(answer["error"] == "invalid_request_object")
            #expect(answer["error_description"] == "The jwks_uri of the app could not be read.")
        }
    }

    /// CA-18
    @Test func `an app whose server says nothing waits alone`() async throws {
        let (key, gate) = (try TestKey(), Gate())
        let keyServer = KeyServer(key)
        keyServer.fallSilent(until: gate)
        try await KeyServer.run(keyServer) { server, app async throws in
            async let waiting = server.accepts(key, of: app)
            await keyServer.isAsked.wait()

            let others = [try await server.register(.backend, method: .privateKeyJWT, metadata: key.metadata), try await server.register()]
            #expect(try await server.accepts(key, of: others[0]))
            #expect(try await !server.appToken(others[1]).isEmpty)
            gate.open()

            #expect(try await waiting)
            #expect(keyServer.count == 1)
        }
    }

    @Test func `an app that was not asked because thirty-two servers say nothing is asked the next time`() async throws {
        let (key, gate, crowd) = (try TestKey(), Gate(), 32)
        let silent = KeyServer(key, crowd: crowd)
        silent.fallSilent(until: gate)
        try await KeyServer.run(silent) { server, first async throws in
            try await withThrowingTaskGroup { group in
                for index in 0..<crowd {
                    let app = index == 0 ? first : try await server.registerWithKeys(at: first.app.metadata.jwksURI ?? "")
                    group.addTask { try await server.accepts(key, of: app) }
                }
                await silent.isAsked.wait()
                let late = try await server.registerWithKeys(at: first.app.metadata.jwksURI ?? "")

                let refused = try await server.asserted(by: key, of: late)
                gate.open()
                for try await isAccepted in group { #expect(isAccepted) }
                #expect(refused.status == .serviceUnavailable && refused.errorCode == "temporarily_unavailable", "\(refused.text)")
                #expect(refused.headers[.retryAfter] == "1")
                #expect(try await server.accepts(key, of: late))
                #expect(silent.count == crowd + 1)
            }
        }
    }

    /// CA-18
    @Test func `sixteen silent servers of one organisation leave another's app able to authenticate`() async throws {
        let (key, gate) = (try TestKey(), Gate())
        let silent = KeyServer(key, crowd: 4)
        silent.fallSilent(until: gate)
        try await KeyServer.run(KeyServer(key)) { address in
            try await KeyServer.run(silent) { server, first async throws in
                let other = try await server.registerWithKeys(at: address)
                var apps = [first]
                for _ in 1..<16 { apps.append(try await server.sibling(of: first, withKeysAt: first.app.metadata.jwksURI ?? "")) }
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for app in apps { group.addTask { try await server.accepts(key, of: app) } }
                    await silent.isAsked.wait()
                    // Four servers are asked, and hold what there is for one organisation.
                    var accepted: [Bool?] = []
                    for _ in 0..<12 { accepted.append(try await group.next()) }

                    let isOtherAccepted = try await server.accepts(key, of: other)
                    gate.open()

                    #expect(isOtherAccepted)
                    #expect(accepted == Array(repeating: false, count: 12))
                    for try await isAccepted in group { #expect(isAccepted) }
                    #expect(silent.count == 4)
                }
            }
        }
    }

    /// CA-18
    @Test func `keys that there is no room to ask for again are believed for five minutes`() async throws {
        let (key, gate, crowd) = (try TestKey(), Gate(), 32)
        let silent = KeyServer(key, crowd: crowd)
        silent.fallSilent(until: gate)
        try await KeyServer.run(KeyServer(key)) { address in
            try await KeyServer.run(silent) { server, first async throws in
                let app = try await server.registerWithKeys(at: address)
                let read = try await server.accepts(key, of: app)
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for index in 0..<crowd {
                        let other = index == 0 ? first : try await server.registerWithKeys(at: first.app.metadata.jwksURI ?? "")
                        group.addTask { try await server.accepts(key, of: other) }
                    }
                    await silent.isAsked.wait()

                    server.clock.advance(by: .seconds(299))
                    let lately = try await server.accepts(key, of: app)
                    server.clock.advance(by: .seconds(1))
                    let tooLate = try await server.accepts(key, of: app)
                    gate.open()
                    for try await _ in group {}
                    let again = try await server.accepts(key, of: app)

                    #expect(read && lately && !tooLate && again)
                }
            }
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
