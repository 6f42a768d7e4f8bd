/// What strings are as JSON text (RFC 8259 §7).
public enum JSONText {
    /// - Returns: where the first byte stands that must be escaped, or the end.
    public static func firstEscaped(in text: UnsafeBufferPointer<UInt8>, from start: Int = 0) -> Int {
        var place = start
        // Eight bytes at once: a subtraction borrows into the highest bit of each that is smaller, and what is equal becomes zero by an exclusive or.
        while place + 8 <= text.count {
            let eight = UnsafeRawBufferPointer(text).loadUnaligned(fromByteOffset: place, as: UInt64.self)
            let (quote, backslash) = (eight ^ (ones &* 0x22), eight ^ (ones &* 0x5C))
            let found = (eight &- ones &* 0x20) & ~eight | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
            guard found & (ones &* 0x80) == 0 else { break }
            place += 8
        }
        while place < text.count, !isEscaped(text[place]) { place += 1 }
        return place
    }

    private static func isEscaped(_ byte: UInt8) -> Bool { byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") }

    private static let ones: UInt64 = 0x0101_0101_0101_0101
}
