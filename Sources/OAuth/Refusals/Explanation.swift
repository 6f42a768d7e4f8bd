/// Why exactly a request was refused: the rule it broke, what was expected and what came. It is for the developers of the app alone.
public struct Explanation: Hashable, Sendable {
    public let rule: RefusalRule
    public let parameter: String?
    public let expected: String?
    /// `nil` when nothing came.
    public let received: Received?
}

/// What came from outside, in the form in which its own developers may see it again. A secret is told by its length, never by its letters.
public struct Received: Hashable, Sendable {
    public let text: String

    private init(text: String) { self.text = text }

    /// A sentence of ours about what came; nothing from the request in it.
    public static func note(_ text: String) -> Received { Received(text: text) }

    /// A value that is no secret. One that looks like a secret all the same, because it was put in the wrong place, is told as one.
    public static func value(_ text: String?) -> Received? {
        guard let text else { return nil }
        return looksSecret(text) ? secret(text) : Received(text: Explanation.printable(text))
    }

    /// A code, a token, a password, an assertion.
    public static func secret(_ text: String?) -> Received? {
        guard let text else { return nil }
        let kind = prefixes.first { text.hasPrefix($0.prefix) }.map { ", \($0.words)" } ?? (text.hasPrefix("eyJ") ? ", a JWT" : "")
        return Received(text: "\(text.utf8.count) characters\(kind)")
    }

    private static let prefixes: [(prefix: String, words: String)] = [
        ("wkz_sk_", "a client secret"), ("wkz_ac_", "an authorization code"), ("wkz_rt_", "a refresh token"), ("wkz_", "a secret of ours"),
    ]

    private static func looksSecret(_ text: String) -> Bool { text.contains("wkz_") || text.contains("eyJ") }
}

extension Explanation {
    /// The longest value that is shown, in bytes.
    static let longest = 160

    /// Text from outside as visible ASCII on one line: every other byte as `%` and two digits.
    static func printable(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8.prefix(longest + 1) {
            if (32...126).contains(byte) { bytes.append(byte) } else { bytes += "%".utf8 + hex(byte) }
        }
        return cut(String(decoding: bytes, as: UTF8.self), to: longest)
    }

    /// - Parameter text: ASCII.
    static func cut(_ text: String, to length: Int) -> String { text.utf8.count <= length ? text : text.prefix(max(0, length - 3)) + "..." }

    private static func hex(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]  // both below 16
    }
}
