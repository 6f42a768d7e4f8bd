internal import Foundation
internal import NIOCore

/// A port that a start listens on, with the addresses that it does so at and the flag that sets it.
struct ListeningPort {
    let number: Int
    let hosts: [String]
    let flag: String

    /// Those of a start, that of the operations listener last.
    static func all(_ configuration: Configuration) -> [ListeningPort] {
        let hosts = Listeners.hosts(configuration.host)
        return [
            ListeningPort(number: configuration.port, hosts: hosts, flag: "--port"), mutualTLS(configuration),
            ListeningPort(number: configuration.opsPort, hosts: ["127.0.0.1"], flag: "--ops-port"),
        ].compactMap { $0 }
    }

    /// That of the listener that asks for a client certificate, where there is one.
    static func mutualTLS(_ configuration: Configuration) -> ListeningPort? {
        configuration.mutualTLSPort.map { ListeningPort(number: $0, hosts: Listeners.hosts(configuration.host), flag: "--tls-port") }
    }

    /// What the listener binds to on a host; the name where there is nothing behind it.
    func address(of host: String) -> String { (try? SocketAddress.makeAddressResolvingHost(host, port: number))?.ipAddress ?? host }

    /// Where it cannot be listened on now, and why: an error number each.
    var refusals: [(host: String, code: CInt)] { hosts.map { (host: $0, code: bind(to: $0)) }.filter { $0.code != 0 } }

    /// - Throws: `ConfigurationError` when it cannot be listened on now.
    func check() throws {
        if let (host, code) = refusals.first { throw error(code, on: host) }
    }

    /// One sentence that says what to change.
    func error(_ code: CInt, on host: String) -> ConfigurationError {
        switch code {
        case EADDRINUSE:
            ConfigurationError("Port \(number) is in use on \(host): stop the program that listens there, or choose another port with \(flag).")
        case EACCES: ConfigurationError("This user may not listen on port \(number): choose a port above 1023 with \(flag).")
        case EADDRNOTAVAIL: ConfigurationError("--host must be an address or a name of this machine, not \(host).")
        default: ConfigurationError("\(host):\(number) cannot be listened on: \(IOError(errnoCode: code, reason: "bind")).")
        }
    }

    /// Takes the port for a moment, without listening: nobody who calls meanwhile is let in to be turned away.
    /// - Returns: 0, or why it cannot be taken.
    private func bind(to host: String) -> CInt {
        guard let address = try? SocketAddress.makeAddressResolvingHost(host, port: number) else { return EADDRNOTAVAIL }
        let descriptor = socket(address.protocol == .inet6 ? AF_INET6 : AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var reuse: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<CInt>.size))
        return address.withSockAddr { Foundation.bind(descriptor, $0, socklen_t($1)) } == 0 ? 0 : errno
    }
}
