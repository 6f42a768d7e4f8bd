/// A bearer secret: shown once, never printed, compared in constant time.
public struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret itself, for the one answer that hands it out.
    public let value: String

    public init(_ value: String) { self.value = value }

    /// `prefix` and 256 random bits; the prefix lets secret scanners find leaks.
    public static func random(prefix: String, from randomness: any RandomSource) -> Secret {
        Secret(prefix + randomness.token())
    }

    public var digest: Digest { Digest(of: value) }

    public static func == (lhs: Secret, rhs: Secret) -> Bool { constantTimeEqual(lhs.value, rhs.value) }

    public var description: String { "Secret(…)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
