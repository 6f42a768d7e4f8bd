internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1

/// The ports are free on every address that a start listens on, or a server of ours has them, and no two of them are one.
struct PortsCheck: Check {
    private let name = "ports"

    private struct Port {
        let number: Int
        let hosts: [String]
        let flag: String

        /// Whether both need the same socket. That of a wildcard is at every address.
        func meets(_ other: Port) -> Bool {
            guard number == other.number else { return false }
            let (here, there) = (addresses, other.addresses)
            return !Set(here).isDisjoint(with: there) || (here + there).contains { ["0.0.0.0", "::"].contains($0) }
        }

        /// What the listener binds to; the name where there is nothing behind it.
        private var addresses: [String] { hosts.map { (try? SocketAddress.makeAddressResolvingHost($0, port: number))?.ipAddress ?? $0 } }
    }

    func run(_ setUp: SetUp) async -> [Finding] {
        let configuration = setUp.configuration
        let hosts = Listeners.hosts(configuration.host)
        let isTaken = Self.bind(configuration.opsPort, on: "127.0.0.1") == EADDRINUSE
        let isRunning = isTaken ? await isOurs(configuration.opsPort) : false
        let ports =
            [Port(number: configuration.port, hosts: hosts, flag: "--port")]
            + (configuration.mutualTLSPort.map { [Port(number: $0, hosts: hosts, flag: "--tls-port")] } ?? [])
            + [Port(number: configuration.opsPort, hosts: ["127.0.0.1"], flag: "--ops-port")]
        return ports.indices.map { index -> Finding in
            let port = ports[index]
            guard let twin = ports[..<index].first(where: port.meets) else { return finding(of: port, isRunning: isRunning) }
            return .problem(name, "\(twin.flag) and \(port.flag) are both \(port.number).", "Choose another port for one of them.")
        }
    }

    /// Whether a port can be taken on every address that the host stands for; so is none.
    static func isFree(_ port: Int?, on host: String) -> Bool {
        guard let port else { return true }
        return Listeners.hosts(host).allSatisfy { bind(port, on: $0) == 0 }
    }

    private func finding(of port: Port, isRunning: Bool) -> Finding {
        let refusals = port.hosts.map { (host: $0, reason: Self.bind(port.number, on: $0)) }.filter { $0.reason != 0 }
        guard let (host, reason) = refusals.first else { return .ok(name, "Port \(port.number) is free on \(port.hosts.joined(separator: " and ")).") }
        return switch reason {
        case EADDRINUSE where isRunning: .ok(name, "Port \(port.number) is our server's, which runs.")
        case EADDRINUSE:
            .problem(
                name, "Another program listens on port \(port.number) of \(host).",
                "Stop it (ss -ltnp shows which), or choose another port with \(port.flag).")
        case EACCES:
            .problem(
                name, "This user may not listen on port \(port.number).",
                "Choose a port above 1023 with \(port.flag), or give the program CAP_NET_BIND_SERVICE.")
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
