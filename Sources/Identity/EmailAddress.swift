/// An email address in the form this platform writes to: one `@`, a dotted host name, no quoting, no spaces; lower-case, since mail hosts
/// do not tell cases apart in practice and two accounts for one mailbox serve nobody.
public struct EmailAddress: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    /// RFC 5321 §4.5.3.1: at most 64 bytes before the `@` and 254 in all.
    public init?(_ text: String) {
        guard let text = SignInName.fold(text) else { return nil }
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        guard halves.count == 2, (1...64).contains(halves[0].utf8.count), halves[0].unicodeScalars.allSatisfy(Self.isLocalCharacter),
            !halves[0].hasPrefix("."), !halves[0].hasSuffix("."), !halves[0].contains("..")
        else { return nil }
        let labels = halves[1].split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, labels.allSatisfy(Self.isHostLabel) else { return nil }
        self.text = text
    }

    public var description: String { text }

    /// RFC 5322 §3.2.3 `atext` and the dot; letters of other scripts are let through (RFC 6531).
    private static func isLocalCharacter(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.isASCII else { return scalar.properties.isAlphabetic }
        return "abcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains(scalar)
    }

    private static func isHostLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }
}
