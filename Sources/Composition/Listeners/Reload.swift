internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// Reads certificates, authorities and issuers of software statements again on SIGHUP. Everything else that can change lives in the database and applies at once.
struct Reload: Service {
    /// Trapped since the process began.
    let hangUps: UnixSignalsSequence
    let certificates: [ServerCertificate]
    let trust: ClientTrust
    let statementTrust: StatementTrust
    let logger: Logger

    func run() async throws {
        for await _ in hangUps.cancelOnGracefulShutdown() { reload() }
    }

    private func reload() {
        var isWhole = true
        for certificate in certificates {
            isWhole = attempt("the certificate stays as it was") { try certificate.reload() } && isWhole
        }
        isWhole = attempt("the client authorities stay as they were") { try trust.reload() } && isWhole
        isWhole = attempt("the issuers of software statements stay as they were") { try statementTrust.reload() } && isWhole
        trust.refresh(logger: logger)
        if isWhole { logger.notice("reloaded", metadata: ["certificates": "\(certificates.count)"]) }
    }

    private func attempt(_ failure: Logger.Message, _ step: () throws -> Void) -> Bool {
        do {
            try step()
            return true
        } catch {
            logger.error(failure, metadata: ["error": "\(error)"])
            return false
        }
    }
}
