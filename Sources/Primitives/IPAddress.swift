#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// An IP address. One that maps an IPv4 address into IPv6 (RFC 4291 §2.5.5.2) is that IPv4 address: a socket for both families names its IPv4 peers so.
public struct IPAddress: Hashable, Sendable {
    /// The 128 bits of RFC 4291; an IPv4 address in its mapped form, below `::ffff:0:0/96`.
    public let bits: UInt128

    init(bits: UInt128) { self.bits = bits }

    /// - Parameter v4: its 32 bits, the first the most significant.
    public init(v4: UInt32) { bits = Self.mapping | UInt128(v4) }

    /// - Parameter v6: its 128 bits, the first the most significant.
    public init(v6: UInt128) { bits = v6 }

    /// Reads dotted decimal without leading zeros (which some read as octal), or one of the forms of RFC 4291 §2.2. A zone id (RFC 4007 §11) means nothing
    /// to another machine and is refused.
    public init?(_ text: some StringProtocol) {
        // C would end the text at a NUL.
        guard text.utf8.count <= Self.longestText, !text.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        var v6 = in6_addr()
        if text.withCString({ inet_pton(AF_INET, $0, &v4) }) == 1 {
            self.init(v4: UInt32(bigEndian: v4.s_addr))
        } else if text.withCString({ inet_pton(AF_INET6, $0, &v6) }) == 1 {
            self.init(v6: withUnsafeBytes(of: v6) { UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)) })
        } else {
            return nil
        }
    }

    public var isIPv4: Bool { bits >> 32 == Self.mapping >> 32 }

    /// `::ffff:0:0`
    private static let mapping: UInt128 = 0xFFFF << 32
    /// Eight groups, of which the last two may be dotted decimal.
    private static let longestText = 45
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or the one text that RFC 5952 §4 recommends.
    public var description: String { isIPv4 ? dottedDecimal : groups }

    private var dottedDecimal: String {
        // Fifteen bytes are kept without an allocation: each request's line in the log carries one of these.
        String(unsafeUninitializedCapacity: 15) { text in
            var count = 0
            for shift in stride(from: 24, through: 0, by: -8) {
                let value = UInt8(truncatingIfNeeded: bits >> shift)
                if count > 0 { count = text.put(UInt8(ascii: "."), at: count) }
                if value >= 100 { count = text.put(UInt8(ascii: "0") + value / 100, at: count) }
                if value >= 10 { count = text.put(UInt8(ascii: "0") + value / 10 % 10, at: count) }
                count = text.put(UInt8(ascii: "0") + value % 10, at: count)
            }
            return count
        }
    }

    private var groups: String {
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> (112 - 16 * $0)) }
        let hexadecimal = { (range: Range<Int>) in groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
        guard let zeros = Self.longestZeros(in: groups) else { return hexadecimal(0..<8) }
        return "\(hexadecimal(0..<zeros.lowerBound))::\(hexadecimal(zeros.upperBound..<8))"
    }

    /// RFC 5952 §4.2: "::" stands for the longest run of zero groups, for the first of equal ones, and never for a single group.
    private static func longestZeros(in groups: [UInt16]) -> Range<Int>? {
        var longest = 0..<1
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 { start = index + 1 } else if index + 1 - start > longest.count { longest = start..<index + 1 }
        }
        return longest.count > 1 ? longest : nil
    }
}

extension UnsafeMutableBufferPointer<UInt8> {
    /// - Returns: the next place.
    fileprivate func put(_ byte: UInt8, at index: Int) -> Int {
        self[index] = byte
        return index + 1
    }
}
