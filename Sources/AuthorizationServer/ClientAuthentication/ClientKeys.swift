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
    /// How long a set is believed while there is no room to ask for it again. A key that its app withdrew works so long then.
    static let longestLifetime = Duration.minutes(5)
    /// Apps remembered at most.
    private static let capacity = 10_000

    /// One reading of a `jwks_uri`.
    private struct Reading {
        let at: Timestamp
        /// When an unknown `kid` last made us read out of turn.
        let outOfTurnAt: Timestamp?
        let keys: Task<Result<JWKSet, KeysUnread>, any Error>

        /// Made in this very moment, it need not be made again.
        func isTheLatest(at now: Timestamp) -> Bool { at == now || outOfTurnAt.map { isFresh($0, at: now) } == true }
    }

    private struct Published {
        let address: String
        let reading: Reading
        /// The latest that was not put off, which holds on when that one is.
        var answered: Reading?
    }

    /// The keys that may have signed.
    func candidates(for jws: UnverifiedJWS, of app: App, at now: Timestamp) async -> Result<[JWK], KeysUnread> {
        if let registered = app.metadata.jwks { return .success(registered.candidates(for: jws)) }
        guard let address = app.metadata.jwksURI else { return .success([]) }
        let found = await published(at: address, of: app, isOutOfTurn: false, now: now).map { $0.candidates(for: jws) }
        if case .success(let keys) = found, !keys.isEmpty { return found }
        // The app may have published a new key since.
        return await published(at: address, of: app, isOutOfTurn: true, now: now).map { $0.candidates(for: jws) }
    }

    private func published(at address: String, of app: App, isOutOfTurn: Bool, now: Timestamp) async -> Result<JWKSet, KeysUnread> {
        let published = sets.withLock { sets in
            let known = sets[app.id].flatMap { $0.address == address ? $0 : nil }
            if let known, Self.isFresh(known.reading.at, at: now), !isOutOfTurn || known.reading.isTheLatest(at: now) { return known }
            if sets.count >= Self.capacity { sets = sets.filter { Self.isFresh($0.value.reading.at, at: now) } }
            if sets.count >= Self.capacity { sets = [:] }
            let keys = Task { try await read(address, of: app) }
            let reading = Reading(at: now, outOfTurnAt: isOutOfTurn ? now : known?.reading.outOfTurnAt, keys: keys)
            let published = Published(address: address, reading: reading, answered: known?.answered)
            sets[app.id] = published
            return published
        }
        do {
            let keys = try await published.reading.keys.value
            if published.answered?.keys != published.reading.keys { noteAnswered(published.reading, of: app.id) }
            return keys
        } catch {
            return await takenBack(published, of: app.id, at: now)
        }
    }

    private func noteAnswered(_ reading: Reading, of app: AppID) {
        sets.withLock { sets in if sets[app]?.reading.keys == reading.keys { sets[app]?.answered = reading } }
    }

    /// The app's server was not asked: what it said before holds a while longer, and the next request may try again.
    private func takenBack(_ published: Published, of app: AppID, at now: Timestamp) async -> Result<JWKSet, KeysUnread> {
        sets.withLock { sets in
            guard sets[app]?.reading.keys == published.reading.keys else { return }
            sets[app] = published.answered.map { Published(address: published.address, reading: $0, answered: $0) }
        }
        guard let answered = published.answered, answered.at <= now, now < answered.at + Self.longestLifetime,
            let keys = try? await answered.keys.value  // it was answered, so that this does not fail
        else { return .failure(.notFetched(.busy)) }
        return keys
    }

    /// The app's server was not asked, because too many were being asked.
    private struct NotAsked: Error {}

    private func read(_ address: String, of app: App) async throws -> Result<JWKSet, KeysUnread> {
        // By organisation: it may have any number of apps and hosts.
        switch await fetcher.fetch(address, of: app.organisationID.rawValue) {
        case .success(let bytes):
            guard let value = try? JSONValue(parsing: bytes, limits: .token()), let keys = try? JWKSet(reading: value) else { return .failure(.noKeySet) }
            return .success(keys)
        case .failure(.busy): throw NotAsked()
        case .failure(let refusal): return .failure(.notFetched(refusal))
        }
    }

    /// A clock that was set back makes nothing last longer.
    private static func isFresh(_ moment: Timestamp, at now: Timestamp) -> Bool { now < moment + lifetime && now >= moment }
}
