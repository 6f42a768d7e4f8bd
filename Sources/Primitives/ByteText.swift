#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension UnsafeBufferPointer<UInt8> {
    /// Whether all of it is printable ASCII: one line that needs no care.
    public var isPrintableASCII: Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var place = 0
        // Eight bytes at once: a subtraction borrows into the highest bit of each that is smaller, and what is equal becomes zero by an exclusive or.
        while place + 8 <= count {
            let eight = UnsafeRawBufferPointer(self).loadUnaligned(fromByteOffset: place, as: UInt64.self)
            let delete = eight ^ (ones &* 0x7F)
            guard (eight | (eight &- ones &* 0x20) & ~eight | (delete &- ones) & ~delete) & (ones &* 0x80) == 0 else { return false }
            place += 8
        }
        return self[place...].allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }
}

extension String {
    /// Whether it is the same to the byte, where `==` takes texts for equal whose characters are composed in another way.
    /// - Parameter length: of how many bytes each is the beginning that is compared.
    public func hasBytes(of other: String, upTo length: Int = .max) -> Bool {
        let count = min(utf8.count, length)
        guard count == min(other.utf8.count, length) else { return false }
        let isSame = utf8.withContiguousStorageIfAvailable { one in
            other.utf8.withContiguousStorageIfAvailable { another in
                guard let one = one.baseAddress, let another = another.baseAddress else { return true }  // both are empty
                return memcmp(one, another, count) == 0
            }
        }
        return (isSame ?? nil) ?? utf8.prefix(count).elementsEqual(other.utf8.prefix(count))
    }

    /// Its beginning, of so many bytes at most: one character may have any number of them.
    public func beginning(bytes length: Int) -> String {
        guard utf8.count > length else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: length)
        // Inside a character's encoding (RFC 3629 §3).
        while utf8[end] & 0xC0 == 0x80 { utf8.formIndex(before: &end) }
        return String(self[..<end])
    }

    /// Reads bytes that are to be UTF-8. Most are printable ASCII, which is seen at a tenth of what the standard library's own look costs.
    /// - Returns: `nil` when they are not.
    public init?(utf8 bytes: some Collection<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ $0.isPrintableASCII }) == true {
            self.init(decoding: bytes, as: UTF8.self)
        } else {
            self.init(validating: bytes, as: UTF8.self)
        }
    }
}

/// Texts that are made on every request are written as bytes: string interpolation costs several times as much.
extension [UInt8] {
    public mutating func append(text: String) {
        var text = text
        text.withUTF8 { append(contentsOf: $0) }
    }

    /// In decimal, with leading zeros up to a width; a sign stands before them.
    public mutating func append(decimal value: Int64, width: Int = 1) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(decimal: value.magnitude, width: width)
    }

    public mutating func append(decimal value: UInt64, width: Int = 1) {
        // From the last digit on, each by a division by ten that the compiler makes a multiplication: by a power that it does not know it would be a division.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value
            var start = digits.endIndex
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            let count = digits.endIndex - start
            for _ in count..<Swift.max(count, width) { append(UInt8(ascii: "0")) }
            append(contentsOf: digits[start...])
        }
    }
}
