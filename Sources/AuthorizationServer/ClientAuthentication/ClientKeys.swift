import Applications
import JOSE
import JSON
import OAuth
import Primitives
public import RemoteDocuments
internal import Synchronization

/// The public keys of apps: those they registered, or those that they publish at their `jwks_uri`, remembered for a minute.
public final class ClientKeys: Sendable {
    private let fetcher: DocumentFetcher
    private let sets = Mutex<[AppID: Published]>([:])

    public init(fetcher: DocumentFetcher) { self.fetcher = fetcher }

    /// How long a published set is believed, and how long after a failure nobody asks again: a minute each, so that an app's server is called at most twice in one.
    static let lifetime = Duration.seconds(60)
    /// Apps remembered at most.
    private static let capacity = 10_000

    /// One reading of a `jwks_uri`.
    private struct Published {
        let address: String
        let readAt: Timestamp
        /// When an unknown `kid` last made us read it out of turn.
        var readOutOfTurnAt: Timestamp?
        let reading: Task<JWKSet?, any Error>

        /// Read in this very moment, it need not be read again.
        func isTheLatest(at now: Timestamp) -> Bool { readAt == now || readOutOfTurnAt.map { isFresh($0, at: now) } == true }
    }

    /// The keys that may have signed.
    func candidates(for jws: UnverifiedJWS, of app: App, at now: Timestamp) async -> [JWK] {
        if let registered = app.metadata.jwks { return registered.candidates(for: jws) }
        guard let address = app.metadata.jwksURI else { return [] }
        let found = await published(at: address, of: app.id, isOutOfTurn: false, now: now)?.candidates(for: jws) ?? []
        guard found.isEmpty else { return found }
        // The app may have published a new key since.
        return await published(at: address, of: app.id, isOutOfTurn: true, now: now)?.candidates(for: jws) ?? []
    }

    private func published(at address: String, of app: AppID, isOutOfTurn: Bool, now: Timestamp) async -> JWKSet? {
        let reading = sets.withLock { sets in
            if let known = sets[app], known.address == address, Self.isFresh(known.readAt, at: now), !isOutOfTurn || known.isTheLatest(at: now) {
                return known.reading
            }
            if sets.count >= Self.capacity { sets = sets.filter { Self.isFresh($0.value.readAt, at: now) } }
            if sets.count >= Self.capacity { sets = [:] }
            let reading = Task { try await read(address) }
            let outOfTurnAt = isOutOfTurn ? now : sets[app]?.readOutOfTurnAt
            sets[app] = Published(address: address, readAt: now, readOutOfTurnAt: outOfTurnAt, reading: reading)
            return reading
        }
        do {
            return try await reading.value
        } catch {
            sets.withLock { sets in if sets[app]?.reading == reading { sets[app] = nil } }
            return nil
        }
    }

    /// The app's server was not asked, because too many others were being asked: the next request may try.
    private struct NotAsked: Error {}

    private func read(_ address: String) async throws -> JWKSet? {
        switch await fetcher.fetch(address) {
        case .success(let bytes): (try? JSONValue(parsing: bytes, limits: .token())).flatMap { try? JWKSet(reading: $0) }
        case .failure(.busy): throw NotAsked()
        case .failure: nil
        }
    }

    /// A clock that was set back makes nothing last longer.
    private static func isFresh(_ moment: Timestamp, at now: Timestamp) -> Bool { now < moment + lifetime && now >= moment }
}
