package import Certificates
internal import OAuth
package import Primitives
package import Storage

/// Whether the certificate that came with a request identifies an app: checked for itself, then against what the app has.
package final class ClientCertificates: Sendable {
    private let check: ClientCertificateCheck
    private let standings: CertificateStandings
    private let certificates: ReadThroughCache<AppID, [AppCertificate]>

    /// - Parameter capacity: apps whose certificates are remembered at most.
    package init(check: ClientCertificateCheck, database: any Database, feed: ChangeFeed, capacity: Int = 10_000) {
        self.check = check
        standings = CertificateStandings(check: check)
        let register = AppCertificates()
        certificates = ReadThroughCache(capacity: capacity, feed: feed) { id in try await database.readOne { try register.list(of: id, in: $0) } }
        feed.subscribe([.app]) { [certificates] changes in
            for change in changes { certificates.drop(AppID(trusted: change.key)) }
        }
    }

    /// RFC 8705 §2.1: an authority that we trust for this app vouches for the certificate, and it is in force. Whether its name is the app's is left to the
    /// caller. What the sandbox's authority issued serves the app that it was issued to, until it is removed there.
    /// - Parameters:
    ///   - der: as it came.
    ///   - intermediates: what came along.
    /// - Throws: storage failures.
    package func verify(
        _ der: [UInt8], intermediates: [[UInt8]], for app: App, at now: Timestamp
    ) async throws -> Result<VerifiedClientCertificate, CertificateRefusal> {
        let certificate: ClientCertificate
        switch ClientCertificate.read(der) {
        case .success(let read): certificate = read
        case .failure(let refusal): return .failure(refusal)
        }
        let checked = await check.check(certificate, intermediates: intermediates, at: now)
        guard case .success(let verified) = checked, verified.authority == .sandbox else { return checked }
        guard app.environment == .sandbox else { return .failure(.sandboxOnly) }
        guard try await live(of: app.id).contains(where: { $0.thumbprint == certificate.thumbprint }) else { return .failure(.notOfThisApp) }
        return checked
    }

    /// RFC 8705 §3: what speaks against the certificate that an app's token is bound to, at this moment. What identifies the app must still do so; any other
    /// certificate shows only who holds its key, and must be in its time and not revoked.
    /// - Throws: storage failures.
    package func refusal(ofBound der: [UInt8], intermediates: [[UInt8]], for app: App, at now: Timestamp) async throws -> CertificateRefusal? {
        switch await standings.standing(of: der, intermediates: intermediates, at: now) {
        case .failure(let refusal): return refusal
        case .success(.alone(let reason)) where app.authenticationMethod == .tlsClientAuth: return reason
        case .success(.vouched(.sandbox)):
            guard app.environment == .sandbox else { return .sandboxOnly }
            return try await isLive(der, of: app) ? nil : .notOfThisApp
        case .success:
            guard app.authenticationMethod == .selfSignedTLSClientAuth else { return nil }
            return try await isLive(der, of: app) ? nil : .notOfThisApp
        }
    }

    private func isLive(_ der: [UInt8], of app: App) async throws -> Bool {
        let thumbprint = Thumbprint(ofDER: der)
        return try await live(of: app.id).contains { $0.thumbprint == thumbprint }
    }

    /// The live certificates of an app, expired ones included: what `self_signed_tls_client_auth` compares with (RFC 8705 §2.2).
    package func live(of appID: AppID) async throws -> [AppCertificate] { try await certificates.value(for: appID) ?? [] }
}
