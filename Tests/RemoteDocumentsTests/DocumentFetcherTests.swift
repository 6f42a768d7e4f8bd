import Primitives
import Testing

@testable import RemoteDocuments

@Suite("Documents from addresses that others chose")
struct DocumentFetcherTests {
    @Test(arguments: [
        "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://10.0.0.1/", "https://169.254.169.254/latest/meta-data/", "https://192.168.0.1/",
        "https://[fd00::1]/", "https://[::ffff:127.0.0.1]/", "https://0.0.0.0/", "https://2130706433/", "https://0177.0.0.1/", "https://100.64.0.1/",
    ])
    func `addresses that are not public are not called`(address: String) async {
        #expect(await DocumentFetcher(allowsLoopback: false).fetch(address, of: "acme") == .failure(.notPublic))
    }

    @Test(arguments: ["http://example.com/", "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://example.com/", "", "example.com", "javascript:alert(1)"])
    func `other schemes are not followed`(address: String) async {
        #expect(await DocumentFetcher(allowsLoopback: false).fetch(address, of: "acme") == .failure(.address))
    }

    @Test func `in the demo this machine may be called, and no private network`() async {
        let fetcher = DocumentFetcher(allowsLoopback: true)

        // Nothing listens there.
        #expect(await fetcher.fetch("http://127.0.0.1:1/", of: "acme") == .failure(.unreachable))
        #expect(await fetcher.fetch("http://10.0.0.1/", of: "acme") == .failure(.notPublic))
        #expect(await fetcher.fetch("file:///etc/passwd", of: "acme") == .failure(.address))
    }

    @Test(arguments: ["[fd00::1],127.0.0.1", "10.0.0.1,127.0.0.1"])
    func `a name's address that is not public keeps nobody from one that may be called`(addresses: String) async throws {
        let server = try SilentServer()
        server.answerNext(#"{"keys":[]}"#)

        let result = await DocumentFetcher(allowsLoopback: true, hosts: ["keys.example:\(server.port):\(addresses)"])
            .fetch("http://keys.example:\(server.port)/jwks", of: "acme")

        #expect(result == .success(Array(#"{"keys":[]}"#.utf8)))
    }

    /// CA-18
    @Test func `a server that never answers is given up`() async throws {
        let server = try SilentServer()
        let began = ContinuousClock.now

        let result = await DocumentFetcher(allowsLoopback: true, timeout: .milliseconds(100)).fetch("http://127.0.0.1:\(server.port)/jwks", of: "acme")

        #expect(result == .failure(.unreachable))
        // It was connected, and waited for.
        #expect(ContinuousClock.now - began >= .milliseconds(100))
    }

    /// CA-18
    @Test func `four owners whose servers say nothing keep out nobody else's`() async throws {
        var server: SilentServer? = try SilentServer()
        let port = try #require(server?.port)
        let fetcher = DocumentFetcher(allowsLoopback: true, timeout: .seconds(30))

        await withTaskGroup(of: Result<[UInt8], FetchRefusal>.self) { group in
            // An eighth of what the others leave is under way, and the rest is not begun.
            for (owner, places) in [("acme", 4), ("savanna", 3), ("baobab", 3), ("mara", 2)] {
                for _ in 0..<16 { group.addTask { await fetcher.fetch("http://127.0.0.1:\(port)/jwks", of: owner) } }
                for _ in 0..<(16 - places) {
                    let result = await group.next()
                    #expect(result == .failure(.busy))
                }
            }

            let other = await fetcher.fetch("http://127.0.0.1:1/", of: "tana")
            server = nil

            #expect(other == .failure(.unreachable))
            for await result in group { #expect(result == .failure(.unreachable)) }
        }
    }

    /// CA-18
    @Test func `of one owner four are under way at most, and another's goes on`() async throws {
        var server: SilentServer? = try SilentServer()
        let port = try #require(server?.port)
        let fetcher = DocumentFetcher(allowsLoopback: true, timeout: .seconds(30))

        await withTaskGroup(of: Result<[UInt8], FetchRefusal>.self) { group in
            for _ in 0..<16 { group.addTask { await fetcher.fetch("http://127.0.0.1:\(port)/jwks", of: "acme") } }
            for _ in 0..<12 {
                let result = await group.next()
                #expect(result == .failure(.busy))
            }

            // Nothing listens there, which is found out.
            let other = await fetcher.fetch("http://127.0.0.1:1/", of: "savanna")
            // Whose connections end with it.
            server = nil

            #expect(other == .failure(.unreachable))
            for await result in group { #expect(result == .failure(.unreachable)) }
        }
    }
}

@Suite("Which IP addresses are public")
struct IPAddressReachTests {
    @Test(arguments: ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "::ffff:8.8.8.8"])
    func `those of the Internet are`(text: String) {
        #expect(IPAddress(text)?.isPublic == true)
    }

    @Test(arguments: [
        "0.0.0.0", "10.255.255.255", "100.64.0.1", "127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1",
        "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fc00::1", "fd12::1", "fe80::1", "ff02::1",
        "2001:db8::1", "2002:7f00:1::", "2001::1", "64:ff9b::7f00:1", "::ffff:10.0.0.1",
    ])
    func `those for special purposes are not`(text: String) {
        #expect(IPAddress(text)?.isPublic == false)
    }

    @Test func `172.32.0.0 and 100.128.0.0 lie beyond the private ranges`() {
        #expect(IPAddress("172.32.0.0")?.isPublic == true && IPAddress("100.128.0.0")?.isPublic == true)
    }
}
