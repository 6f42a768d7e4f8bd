public import OAuth
public import Primitives
public import Storage

/// Apps as the hot paths see them: remembered on first use, dropped when they change. Removed apps are found too: `isActive` tells.
public final class AppDirectory: Sendable {
    private let apps: ReadThroughCache<AppID, App>
    /// A client id names the same app for ever.
    private let ids: ReadThroughCache<ClientID, AppID>

    /// - Parameter capacity: apps remembered at most, of one or two kilobytes; and ten times as many client ids, so that an app which calls now and then
    ///   costs one read.
    public init(database: any Database, feed: ChangeFeed, capacity: Int = 10_000) {
        let register = Apps()
        apps = ReadThroughCache(capacity: capacity, feed: feed) { id in try await database.readOne { try register.find(id, in: $0) } }
        ids = ReadThroughCache(capacity: 10 * capacity, feed: feed) { clientID in try await database.readOne { try register.id(of: clientID, in: $0) } }
        feed.subscribe([.app, .organisation]) { [apps] changes in
            for change in changes {
                switch change.topic {
                case .app: apps.drop(AppID(trusted: change.key))
                // An app carries its organisation's name and plan.
                case .organisation: apps.drop { $0.organisationID.rawValue == change.key }
                default: break
                }
            }
        }
    }

    public func find(_ clientID: ClientID) async throws -> App? {
        guard let id = try await ids.value(for: clientID) else { return nil }
        return try await find(id)
    }

    public func find(_ id: AppID) async throws -> App? { try await apps.value(for: id) }

    /// One that nothing has to be read for.
    public func known(_ id: AppID) -> App? { apps.known(id) }
}
