internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1

/// The ports are free, or a server of ours has them.
struct PortsCheck: Check {
    private let name = "ports"

    func run(_ setUp: SetUp) async -> [Finding] {
        let configuration = setUp.configuration
        let host = configuration.host == "localhost" ? "127.0.0.1" : configuration.host
        let isTaken = Self.bind(configuration.opsPort, on: "127.0.0.1") == EADDRINUSE
        let isRunning = isTaken ? await isOurs(configuration.opsPort) : false
        return [finding(of: configuration.port, on: host, flag: "--port", isRunning: isRunning)]
            + (configuration.mutualTLSPort.map { [finding(of: $0, on: host, flag: "--tls-port", isRunning: isRunning)] } ?? [])
            + [finding(of: configuration.opsPort, on: "127.0.0.1", flag: "--ops-port", isRunning: isRunning)]
    }

    /// Whether a loopback port can be taken; so is none.
    static func isFree(_ port: Int?) -> Bool { port.map { bind($0, on: "127.0.0.1") == 0 } ?? true }

    private func finding(of port: Int, on host: String, flag: String, isRunning: Bool) -> Finding {
        switch Self.bind(port, on: host) {
        case 0: .ok(name, "\(host):\(port) is free.")
        case EADDRINUSE where isRunning: .ok(name, "\(host):\(port) is our server's, which runs.")
        case EADDRINUSE:
            .problem(name, "Another program listens on \(host):\(port).", "Stop it (ss -ltnp shows which), or choose another port with \(flag).")
        case EACCES:
            .problem(name, "This user may not listen on port \(port).", "Choose a port above 1023 with \(flag), or give the program CAP_NET_BIND_SERVICE.")
        default: .problem(name, "\(host) is no address of this machine.", "Correct --host.")
        }
    }

    /// The operations listener says `ok`.
    private func isOurs(_ port: Int) async -> Bool {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/healthz")
        guard let answer = try? await HTTPClient.shared.execute(request, timeout: .seconds(2)), answer.status == .ok,
            let body = try? await answer.body.collect(upTo: 64)
        else { return false }
        return String(buffer: body) == "ok\n"
    }

    /// Takes the port for a moment.
    /// - Returns: 0, or why it cannot be taken.
    private static func bind(_ port: Int, on host: String) -> CInt {
        guard let address = try? SocketAddress.makeAddressResolvingHost(host, port: port) else { return EADDRNOTAVAIL }
        let descriptor = socket(address.protocol == .inet6 ? AF_INET6 : AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var reuse: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<CInt>.size))
        let bound = address.withSockAddr { Foundation.bind(descriptor, $0, socklen_t($1)) }
        guard bound == 0 else { return errno }
        // Linux tells of a listener at the call to listen when both ask for reuse.
        return listen(descriptor, 1) == 0 ? 0 : errno
    }
}
