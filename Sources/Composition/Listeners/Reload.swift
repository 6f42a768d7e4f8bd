internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// Reads the certificates again on SIGHUP. Everything else that can change lives in the database and applies at once.
struct Reload: Service {
    let certificate: ServerCertificate?
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() { reload() }
    }

    private func reload() {
        do {
            try certificate?.reload()
            logger.notice("reloaded", metadata: ["certificates": "\(certificate == nil ? 0 : 1)"])
        } catch {
            logger.error("the certificate stays as it was", metadata: ["error": "\(error)"])
        }
    }
}
