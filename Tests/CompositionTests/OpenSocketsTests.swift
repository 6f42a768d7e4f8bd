import Testing

@testable import Composition

/// What a doctor who is asked after a change of `--host` takes for the running server's own.
@Suite("The sockets of a running server")
struct OpenSocketsTests {
    @Test(
        arguments: [
            ("127.0.0.1 8080", "127.0.0.1"), ("127.0.0.1 8080", "0.0.0.0"), ("::1 8080", "::"), ("0.0.0.0 8080", "127.0.0.1"), (":: 8080", "127.0.0.1"),
            (":: 8080", "::1"), (":: 8080", "0.0.0.0"),
        ])
    func `a socket keeps its own address from others, and a wildcard those of its family`(socket: String, address: String) {
        #expect(OpenSockets.hold(["127.0.0.1 9090", socket], address, 8080))
    }

    @Test(arguments: [("0.0.0.0 8080", "::1"), ("127.0.0.1 8080", "::1"), ("127.0.0.1 18080", "127.0.0.1"), ("127.0.0.1 18080", "0.0.0.0")])
    func `another address or port is another program's`(socket: String, address: String) {
        #expect(!OpenSockets.hold(["127.0.0.1 9090", socket], address, 8080))
    }
}
