/// The public name of an app at the authorization server (RFC 6749 §2.2): 3 to 60 lower-case letters, digits and dashes.
/// It never begins like a person's identifier, so that a `sub` names either an app or a person (RFC 9700 §4.15).
public struct ClientID: Hashable, Sendable, Codable, CustomStringConvertible {
    public let text: String

    public init?(_ text: String) {
        guard (3...60).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) || $0 == 45 })
        else { return nil }
        self.text = text
    }

    public var description: String { text }
}
