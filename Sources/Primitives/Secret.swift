/// A bearer secret: shown once, never printed, compared in constant time.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret itself, for the one answer that hands it out.
    package let value: String

    package init(_ value: String) { self.value = value }

    /// `prefix` and 256 random bits; the prefix lets secret scanners find leaks.
    package static func random(prefix: String, from randomness: any RandomSource) -> Secret {
        Secret(prefix + randomness.token())
    }

    package var digest: Digest { Digest(of: value) }

    package static func == (lhs: Secret, rhs: Secret) -> Bool { constantTimeEqual(lhs.value, rhs.value) }

    package var description: String { "Secret(…)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
