public import Certificates
internal import OAuth
public import Primitives
public import Storage

/// Whether the certificate that came with a request identifies an app: checked for itself, then against what the app has.
public final class ClientCertificates: Sendable {
    private let check: ClientCertificateCheck
    private let standings: CertificateStandings
    private let database: any Database
    private let register = AppCertificates()
    private let known = KnownCertificates()
    private let certificates: ReadThroughCache<AppID, [AppCertificate]>

    /// - Parameter capacity: apps whose certificates are remembered at most.
    public init(check: ClientCertificateCheck, database: any Database, feed: ChangeFeed, capacity: Int = 10_000) {
        self.check = check
        standings = CertificateStandings(check: check)
        self.database = database
        certificates = ReadThroughCache(capacity: capacity, feed: feed) { [register] id in try await database.readOne { try register.list(of: id, in: $0) } }
        feed.subscribe([.app]) { [certificates] changes in
            for change in changes { certificates.drop(AppID(trusted: change.key)) }
        }
    }

    public func read(_ der: [UInt8]) -> Result<ClientCertificate, CertificateRefusal> { known.read(der) }

    /// RFC 8705 §2.1: an authority that we trust for this app vouches for the certificate, and it is in force. Whether its name is the app's is left to the
    /// caller. What the sandbox's authority issued serves the app that it was issued to, until it is removed there.
    /// - Parameters:
    ///   - der: as it came.
    ///   - intermediates: what came along.
    /// - Throws: storage failures.
    public func verify(
        _ der: [UInt8], intermediates: [[UInt8]], for app: App, at now: Timestamp
    ) async throws -> Result<VerifiedClientCertificate, CertificateRefusal> {
        let certificate: ClientCertificate
        switch read(der) {
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
    public func refusal(ofBound der: [UInt8], intermediates: [[UInt8]], for app: App, at now: Timestamp) async throws -> CertificateRefusal? {
        switch await standings.standing(of: der, intermediates: intermediates, at: now) {
        case .failure(let refusal): return refusal
        case .success(let standing): return try await refusal(of: Thumbprint(ofDER: der), standing, for: app)
        }
    }

    /// The same of a certificate that did not come along, as far as it is known here: it came lately, or is or was among the app's. One that identifies its app
    /// by being among them is known not to be.
    /// - Throws: storage failures.
    public func refusal(ofBound thumbprint: Thumbprint, for app: App, at now: Timestamp) async throws -> CertificateRefusal? {
        switch await standings.standing(ofSeen: thumbprint, at: now) {
        case .failure(let refusal): return refusal
        case .success(let standing): return try await refusal(of: thumbprint, standing, for: app)
        case nil:
            guard let record = try await record(of: thumbprint, of: app), let certificate = record.certificate else {
                return app.authenticationMethod == .selfSignedTLSClientAuth ? .notOfThisApp : nil
            }
            return try await refusal(ofBound: certificate.der, intermediates: record.intermediates, for: app, at: now)
        }
    }

    private func refusal(of thumbprint: Thumbprint, _ standing: CertificateStanding, for app: App) async throws -> CertificateRefusal? {
        switch standing {
        case .alone(let reason) where app.authenticationMethod == .tlsClientAuth: return reason
        case .vouched(.sandbox):
            guard app.environment == .sandbox else { return .sandboxOnly }
            return try await isLive(thumbprint, of: app) ? nil : .notOfThisApp
        case .alone, .vouched:
            guard app.authenticationMethod == .selfSignedTLSClientAuth else { return nil }
            return try await isLive(thumbprint, of: app) ? nil : .notOfThisApp
        }
    }

    /// A removed one is found too.
    private func record(of thumbprint: Thumbprint, of app: App) async throws -> AppCertificate? {
        if let live = try await live(of: app.id).first(where: { $0.thumbprint == thumbprint }) { return live }
        return try await database.readOne { [register] in try register.find(thumbprint, of: app.id, in: $0) }
    }

    private func isLive(_ thumbprint: Thumbprint, of app: App) async throws -> Bool {
        try await live(of: app.id).contains { $0.thumbprint == thumbprint }
    }

    /// The live certificates of an app, expired ones included: what `self_signed_tls_client_auth` compares with (RFC 8705 §2.2).
    public func live(of appID: AppID) async throws -> [AppCertificate] { try await certificates.value(for: appID) ?? [] }
}
