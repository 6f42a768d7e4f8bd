internal import Connections
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOSSL
internal import NIOTLS
internal import Web

/// A connection that asks its client for a certificate and goes on without one. What the client presents is not judged here: a refused handshake could not say
/// why, and a resumed session would not be asked again. Whoever relies on the certificate checks it at each request.
struct MutualTLSChannel: ServerChildChannel {
    let base: HTTPConnection
    let context: NIOSSLContext
    /// Looks at each certificate that is presented anew, before the first request.
    let onHandshake: @Sendable (PresentedCertificate) async -> Void

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTPConnection.Value> {
        let connection = MutualTLSConnection()
        return channel.eventLoop.makeCompletedFuture {
            // This replaces every check of ours but one: the handshake itself proves that the client holds the certificate's key (RFC 8446 §4.4.3).
            let tls = NIOSSLServerHandler(
                context: context,
                customVerificationCallback: { [onHandshake] certificates, promise in
                    promise.completeWithTask {
                        guard let presented = PresentedCertificate(certificates) else { return .failed }
                        connection.present(presented)
                        await onHandshake(presented)
                        return .certificateVerified
                    }
                }, configuration: .init())
            try channel.pipeline.syncOperations.addHandlers([tls, ResumedSession(connection)])
        }.flatMap {
            base.setup(channel: channel, logger: logger, mutualTLS: connection)
        }
    }

    func handle(value: HTTPConnection.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}

/// A resumed session presents nothing: it carries the certificate of the handshake that began it (RFC 8446 §2.2).
private final class ResumedSession: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    private let connection: MutualTLSConnection

    init(_ connection: MutualTLSConnection) { self.connection = connection }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event, connection.certificate == nil,
            let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate(), let presented = PresentedCertificate([certificate])
        {
            connection.present(presented)
        }
        context.fireUserInboundEventTriggered(event)
    }
}

extension PresentedCertificate {
    /// - Returns: `nil` for none, and for a chain that no client needs.
    fileprivate init?(_ certificates: [NIOSSLCertificate]) {
        guard certificates.count <= 10 else { return nil }
        let all = certificates.compactMap { try? $0.toDERBytes() }
        guard let leaf = all.first, all.count == certificates.count else { return nil }
        self.init(der: leaf, chain: Array(all.dropFirst()), witness: .connection)
    }
}
