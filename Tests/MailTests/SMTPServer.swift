import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A mail host on the loopback, just large enough to be talked to: it notes what it is sent, and refuses what it is told to refuse.
final class SMTPServer: Sendable {
    struct Delivery: Sendable {
        var sender = ""
        var recipients: [String] = []
        /// As it travelled, dots undoubled.
        var lines: [String] = []
    }

    private struct State {
        var deliveries: [Delivery] = []
        var commands: [String] = []
    }

    /// Which step is answered with a refusal, or not at all.
    enum Fault: Sendable {
        case none, refusesRecipients, isSilent
        /// Says 451 (RFC 5321 §4.2.3) to the first recipient.
        case isBusyOnce
        /// Offers STARTTLS with nothing that a client would believe behind it.
        case encryptsBadly
    }

    let port: UInt16
    private let listener: Int32
    private let fault: Fault
    private let state = Mutex(State())

    var deliveries: [Delivery] { state.withLock { $0.deliveries } }
    var commands: [String] { state.withLock { $0.commands } }

    init(fault: Fault = .none) throws {
        self.fault = fault
        #if canImport(Glibc)
            listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            listener = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = 0
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = UInt16(bigEndian: address.sin_port)
        Thread { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else {
                    // Closed by the thread that accepts: a number given away earlier might be another server's by then.
                    close(listener)
                    return
                }
                Thread { [self] in
                    talk(on: connection)
                    close(connection)
                }.start()
            }
        }.start()
    }

    func stop() { shutdown(listener, Int32(2)) }

    private func talk(on connection: Int32) {
        guard fault != .isSilent else {
            // Until the client gives up.
            var byte: UInt8 = 0
            while recv(connection, &byte, 1, 0) > 0 {}
            return
        }
        var reader = LineReader(connection)
        var delivery = Delivery()
        say("220 test ready", on: connection)
        while let line = reader.next() {
            state.withLock { $0.commands.append(line) }
            let verb = line.prefix { $0 != " " && $0 != ":" }.uppercased()
            switch verb {
            case "EHLO" where fault == .encryptsBadly: say("250-test\r\n250-STARTTLS\r\n250 8BITMIME", on: connection)
            case "EHLO": say("250-test\r\n250 8BITMIME", on: connection)
            case "STARTTLS" where fault == .encryptsBadly:
                say("220 go on\r\nno handshake", on: connection)
                return
            case "HELO": say("250 test", on: connection)
            case "MAIL":
                delivery = Delivery(sender: line)
                say("250 ok", on: connection)
            case "RCPT" where fault == .refusesRecipients: say("550 no such user", on: connection)
            case "RCPT" where fault == .isBusyOnce && commands.count { $0.hasPrefix("RCPT") } == 1: say("451 try again later", on: connection)
            case "RCPT":
                delivery.recipients.append(line)
                say("250 ok", on: connection)
            case "DATA":
                say("354 go on", on: connection)
                while let line = reader.next(), line != "." { delivery.lines.append(line.hasPrefix(".") ? String(line.dropFirst()) : line) }
                state.withLock { $0.deliveries.append(delivery) }
                say("250 queued", on: connection)
            case "QUIT":
                say("221 bye", on: connection)
                return
            default: say("500 what?", on: connection)
            }
        }
    }

    private func say(_ text: String, on connection: Int32) {
        let bytes = Array((text + "\r\n").utf8)
        _ = send(connection, bytes, bytes.count, Int32(0x4000) /* MSG_NOSIGNAL */)
    }

    private struct LineReader {
        private let connection: Int32
        private var rest: [UInt8] = []

        init(_ connection: Int32) { self.connection = connection }

        mutating func next() -> String? {
            while true {
                if let end = rest.firstIndex(of: 10) {
                    let line = rest[..<end].filter { $0 != 13 }
                    rest.removeSubrange(...end)
                    return String(decoding: line, as: UTF8.self)
                }
                var chunk = [UInt8](repeating: 0, count: 4096)
                let count = recv(connection, &chunk, chunk.count, 0)
                guard count > 0 else { return nil }
                rest += chunk[..<count]
            }
        }
    }
}
