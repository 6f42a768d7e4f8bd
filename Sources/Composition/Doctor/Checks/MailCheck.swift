internal import Foundation
internal import Mail
internal import NIOCore

/// Mail can leave: sign-ups, invitations and lost passwords depend on it.
struct MailCheck: Check {
    private let name = "mail"

    func run(_ setUp: SetUp) async -> [Finding] {
        guard let mail = setUp.configuration.mail else {
            return [
                setUp.configuration.demo
                    ? .ok(name, "Demo mode keeps mail in /demo/mailbox.")
                    : .warning(
                        name, "No mail server is set: links for sign-up, invitations and lost passwords go nowhere.",
                        "Set WEKEZA_SMTP_URL and WEKEZA_MAIL_FROM.")
            ]
        }
        guard await Self.answers(mail.host, mail.port) else {
            return [.problem(name, "Port \(mail.port) of \(mail.host) does not answer.", "Check WEKEZA_SMTP_URL, and that the firewall lets mail out.")]
        }
        return [.ok(name, "Port \(mail.port) of \(mail.host) answers.")]
    }

    /// Whether somebody takes a connection within three seconds.
    private static func answers(_ host: String, _ port: Int) async -> Bool {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: connects(host, port)) }
        }
    }

    private static func connects(_ host: String, _ port: Int) -> Bool {
        guard let address = try? SocketAddress.makeAddressResolvingHost(host, port: port) else { return false }
        let descriptor = socket(address.protocol == .inet6 ? AF_INET6 : AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else { return false }
        let begun = address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        if begun == 0 { return true }
        guard errno == EINPROGRESS else { return false }
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&wanted, 1, 3_000) == 1 else { return false }
        var (failure, size) = (CInt(0), socklen_t(MemoryLayout<CInt>.size))
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0
    }
}
