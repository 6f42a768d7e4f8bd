/// One HTTP request, as told in `X-Request-Id`.
package struct RequestID: Identifier {
    package static let prefix = "req_"
    package let rawValue: String
    package init(trusted rawValue: String) { self.rawValue = rawValue }

    /// 9 characters of the time in milliseconds, then 80 random bits. Later ones sort behind earlier ones, in every collation because all are lower-case letters
    /// and digits, so that records keyed by them are written side by side.
    package init(at moment: Timestamp, from randomness: any RandomSource) {
        var text = Array(Self.prefix.utf8)
        text.reserveCapacity(29)
        let milliseconds = UInt64(max(0, moment.milliseconds))
        for place in (0..<9).reversed() { text.append(Self.digits[Int(milliseconds >> (5 * place) & 31)]) }
        var bits: UInt64 = 0
        var count = 0
        for byte in randomness.bytes(10) {
            bits = bits << 8 | UInt64(byte)
            count += 8
            while count >= 5 {
                count -= 5
                text.append(Self.digits[Int(bits >> count & 31)])
            }
        }
        rawValue = String(decoding: text, as: UTF8.self)
    }

    /// Base 32 without letters that look like digits (i, l, o) and without u.
    private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
}
