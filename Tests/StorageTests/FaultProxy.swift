import Foundation
import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Stands between a handle and PostgreSQL. What a connection carries arrives; when it has carried a certain word, the answer to that does not.
final class FaultProxy: Sendable {
    enum Fault: CaseIterable, Sendable {
        /// The connection ends in the answer's place.
        case cut
        /// Nothing comes back over it any more, and nobody is told.
        case silence
    }

    /// The same database, through this.
    let url: String
    private let listener: Int32
    private let target: SocketAddress
    private let trap = Mutex<(word: [UInt8], fault: Fault)?>(nil)
    private let isFull = Mutex(false)

    /// - Parameter url: of the database behind it, as `postgres://user@host:port/database`.
    init(before url: String) throws {
        guard var behind = URLComponents(string: url), let host = behind.host else { throw POSIXError(.EADDRNOTAVAIL) }
        target = try SocketAddress.makeAddressResolvingHost(host, port: behind.port ?? 5432)
        let (listener, port) = try Self.listenOnLoopback()
        self.listener = listener
        behind.host = "127.0.0.1"
        behind.port = Int(port)
        // Encrypted it would hear no words.
        behind.queryItems = (behind.queryItems ?? []) + [URLQueryItem(name: "sslmode", value: "disable")]
        self.url = behind.string ?? ""
        Thread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else {
                    close(listener)
                    return
                }
                Thread { [self] in serve(client) }.start()
            }
        }.start()
    }

    func stop() { shutdown(listener, Int32(2)) }

    /// The answer to the first message with this word is lost, whichever connection carries it.
    func loseAnswer(to word: String, by fault: Fault) { trap.withLock { $0 = (Array(word.utf8), fault) } }

    /// From now on new connections are ended at once, as by a server that has as many as it may.
    func refuseMore() { isFull.withLock { $0 = true } }

    private static func listenOnLoopback() throws -> (listener: Int32, port: UInt16) {
        let listener = streamSocket(AF_INET)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw POSIXError(.EADDRNOTAVAIL) }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    private static func streamSocket(_ family: Int32) -> Int32 {
        #if canImport(Glibc)
            return socket(family, Int32(SOCK_STREAM.rawValue), 0)
        #else
            return socket(family, SOCK_STREAM, 0)
        #endif
    }

    /// One connection, on a thread of its own.
    private func serve(_ client: Int32) {
        guard !isFull.withLock({ $0 }) else {
            close(client)
            return
        }
        let server = Self.streamSocket(target.protocol == .inet6 ? AF_INET6 : AF_INET)
        if target.withSockAddr({ connect(server, $0, socklen_t($1)) }) == 0 { carry(client, server) }
        close(client)
        close(server)
    }

    /// Carries both ways until one of them ends the connection, or its fault does.
    private func carry(_ client: Int32, _ server: Int32) {
        var sides = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var fault: Fault?
        while poll(&sides, 2, -1) > 0 {
            for (source, sink) in [(0, 1), (1, 0)] where sides[source].revents != 0 {
                let count = recv(sides[source].fd, &bytes, bytes.count, 0)
                guard count > 0 else { return }
                if source == 1, let fault {
                    if fault == .cut { return }
                    continue
                }
                if source == 0, fault == nil { fault = fate(of: bytes[..<count]) }
                guard Self.pass(bytes[..<count], to: sides[sink].fd) else { return }
            }
        }
    }

    /// - Returns: what becomes of the connection that carries this, if it is the one that was waited for.
    private func fate(of message: ArraySlice<UInt8>) -> Fault? {
        trap.withLock { trap in
            guard let (word, fault) = trap, message.indices.contains(where: { message[$0...].starts(with: word) }) else { return nil }
            trap = nil
            return fault
        }
    }

    /// - Returns: whether all of it went.
    private static func pass(_ message: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        var rest = message
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(0x4000) /* MSG_NOSIGNAL */) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
