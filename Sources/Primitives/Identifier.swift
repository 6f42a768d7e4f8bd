/// A prefixed identifier such as `cns_7Hq2VbX9kPzR4mWd`: the prefix tells its kind, the rest is random, or the time and then random: never a counter.
public protocol Identifier: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// With its underscore: `cns_`.
    static var prefix: String { get }
    var rawValue: String { get }
    /// A value the program itself made or read from its own tables.
    init(trusted rawValue: String)
}

extension Identifier {
    /// Checks text from outside: the prefix, then 1 to 60 letters, digits, `-` or `_`.
    public init?(_ text: String) {
        let rest = text.utf8.dropFirst(Self.prefix.utf8.count)
        guard text.hasPrefix(Self.prefix), (1...60).contains(rest.count),
            rest.allSatisfy({ $0.isOfIdentifier })
        else { return nil }
        self.init(trusted: text)
    }

    /// 119 random bits behind the prefix.
    public static func random(from randomness: any RandomSource) -> Self {
        Self(trusted: prefix + randomness.alphanumerics(20))
    }

    /// 9 characters of the time in milliseconds, then 80 random bits. Later ones sort behind earlier ones, in every collation because all are lower-case letters
    /// and digits, so that what is keyed by them is written side by side.
    public init(at moment: Timestamp, from randomness: any RandomSource) {
        let milliseconds = UInt64(max(0, moment.milliseconds))
        let random = randomness.bytes(10)
        let prefix = Self.prefix.utf8
        // Written in place: every request has one.
        let text = String(unsafeUninitializedCapacity: prefix.count + 25) { text in
            var end = text.initialize(fromContentsOf: prefix)
            func write(_ digit: UInt64) {
                text[end] = base32[Int(digit & 31)]
                end += 1
            }
            for place in (0..<9).reversed() { write(milliseconds >> (5 * place)) }
            var bits: UInt64 = 0
            var count = 0
            for byte in random.prefix(10) {
                bits = bits << 8 | UInt64(byte)
                count += 8
                while count >= 5 {
                    count -= 5
                    write(bits >> count)
                }
            }
            return end
        }
        self.init(trusted: text)
    }

    public var description: String { rawValue }

    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an identifier beginning with \(Self.prefix)")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

extension UInt8 {
    /// Whether it is a letter, a digit, `-` or `_`: what identifiers are made of.
    public var isOfIdentifier: Bool { (48...57).contains(self) || (65...90).contains(self) || (97...122).contains(self) || self == 45 || self == 95 }
}

/// Without letters that look like digits (i, l, o) and without u.
private let base32 = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
