internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// The sockets that a process listens on, as its operations listener tells them at `/sockets`: a line each, the address and the port.
final class OpenSockets: Sendable {
    private let lines = Mutex<Set<String>>([])

    /// - Returns: how many there are now.
    func add(_ channel: any Channel) -> Int {
        lines.withLock {
            $0.insert(Self.line(channel.localAddress?.ipAddress ?? "", channel.localAddress?.port ?? 0))
            return $0.count
        }
    }

    var count: Int { lines.withLock { $0.count } }

    var text: String { lines.withLock { $0.sorted().map { "\($0)\n" }.joined() } }

    /// Those of the process whose operations listener is at a port of this machine.
    /// - Returns: nothing where no server of ours answers.
    static func ask(_ opsPort: Int) async -> Set<String> {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(opsPort)/sockets")
        guard let answer = try? await HTTPClient.shared.execute(request, timeout: .seconds(2)), answer.status == .ok,
            let body = try? await answer.body.collect(upTo: 4096)
        else { return [] }
        return Set(String(buffer: body).split(separator: "\n").map(String.init))
    }

    /// Whether one of them is what keeps an address and port from others. 0.0.0.0 has every address of IPv4, :: has those of IPv6 too.
    static func hold(_ sockets: Set<String>, _ address: String, _ port: Int) -> Bool {
        if ["0.0.0.0", "::"].contains(address) { return sockets.contains { $0.hasSuffix(" \(port)") } }
        return ([address, "::"] + (address.contains(":") ? [] : ["0.0.0.0"])).contains { sockets.contains(line($0, port)) }
    }

    private static func line(_ address: String, _ port: Int) -> String { "\(address) \(port)" }
}
