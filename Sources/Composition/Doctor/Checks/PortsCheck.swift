internal import Foundation

/// The ports are free on every address that a start listens on, or the server of ours that runs has them, and no two of them are one.
struct PortsCheck: Check {
    private let name = "ports"

    func run(_ setUp: SetUp) async -> [Finding] {
        // Whoever runs with another operations port is another node: its ports are not this one's.
        let ours = await OpenSockets.ask(setUp.configuration.opsPort)
        let ports = ListeningPort.all(setUp.configuration)
        return ports.indices.map { index -> Finding in
            let port = ports[index]
            guard let twin = ports[..<index].first(where: { Self.meet($0, port) }) else { return finding(of: port, ours) }
            return .problem(name, "\(twin.flag) and \(port.flag) are both \(port.number).", "Choose another port for one of them.")
        }
    }

    /// Whether both need the same socket. That of a wildcard is at every address.
    private static func meet(_ one: ListeningPort, _ other: ListeningPort) -> Bool {
        guard one.number == other.number else { return false }
        let (here, there) = (one.hosts.map(one.address(of:)), other.hosts.map(other.address(of:)))
        return !Set(here).isDisjoint(with: there) || (here + there).contains { ["0.0.0.0", "::"].contains($0) }
    }

    private func finding(of port: ListeningPort, _ ours: Set<String>) -> Finding {
        let refusals = port.refusals
        guard !refusals.isEmpty else { return .ok(name, "Port \(port.number) is free on \(port.hosts.joined(separator: " and ")).") }
        let foreign = refusals.first { $0.code != EADDRINUSE || !OpenSockets.hold(ours, port.address(of: $0.host), port.number) }
        guard let (host, code) = foreign else { return .ok(name, "Port \(port.number) is our server's, which runs.") }
        return switch code {
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
}
