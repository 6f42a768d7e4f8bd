public import Primitives
public import Storage

/// The consents as the gateway asks for them on every call: remembered on first use, dropped when they change, read anew when the feed is not current.
public final class ConsentDirectory: Sendable {
    private let cache: ReadThroughCache<ConsentID, Consent>

    public init(database: any Database, feed: ChangeFeed, capacity: Int = 100_000) {
        let consents = Consents()
        cache = ReadThroughCache(capacity: capacity, feed: feed) { id in
            try await database.readOne { try consents.find(id, in: $0) }
        }
        feed.subscribe([.consent]) { [cache] changes in
            for change in changes { cache.drop(ConsentID(trusted: change.key)) }
        }
    }

    public func find(_ id: ConsentID) async throws -> Consent? { try await cache.value(for: id) }

    /// One that nothing has to be read for.
    public func known(_ id: ConsentID) -> Consent? { cache.known(id) }
}
