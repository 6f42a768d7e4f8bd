internal import Foundation
public import Hummingbird
public import Primitives
public import Web

/// Something on its way through the browser, sealed in its cookie: the browser carries it and cannot read or change it, and the server keeps nothing.
public struct SealedCookie<Content: Codable & Sendable>: Sendable {
    private struct Envelope: Codable {
        let content: Content
        let expiresAt: Timestamp
    }

    private let name: String
    private let lifetime: Duration
    private let sealer: Sealer
    private let cookies: CookiePolicy

    /// - Parameters:
    ///   - purpose: of the key, so that what one page sealed opens in no other.
    ///   - lifetime: how long the browser keeps it and we take it, from when it is set.
    public init(_ name: String, purpose: String, lifetime: Duration, rootKey: RootKey, cookies: CookiePolicy) {
        self.name = name
        self.lifetime = lifetime
        sealer = Sealer(rootKey, purpose: purpose)
        self.cookies = cookies
    }

    /// - Throws: when the content has no JSON form.
    public func set(_ content: Content, at now: Timestamp, on response: inout Response) throws {
        let envelope = try JSONEncoder().encode(Envelope(content: content, expiresAt: now + lifetime))
        cookies.set(name, to: sealer.seal(Array(envelope)), maxAge: Int(lifetime.milliseconds / 1000), on: &response)
    }

    /// - Returns: `nil` when the browser brings none, one that we did not seal, or one that is over.
    public func content(in request: Request, at now: Timestamp) -> Content? {
        guard let sealed = cookies.value(name, in: request), let bytes = sealer.open(sealed),
            let envelope = try? JSONDecoder().decode(Envelope.self, from: Data(bytes)), envelope.expiresAt > now
        else { return nil }
        return envelope.content
    }

    public func remove(from response: inout Response) { cookies.remove(name, from: &response) }
}
