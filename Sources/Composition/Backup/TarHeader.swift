/// One entry's header in a tar archive (POSIX ustar; sizes beyond 8 GiB as GNU tar writes them). Every tar reads our archives, without us.
struct TarHeader: Hashable {
    let name: String
    let size: Int64

    static let blockSize = 512

    /// The bytes that fill the entry's last block.
    var padding: Int { Int((Int64(Self.blockSize) - size % Int64(Self.blockSize)) % Int64(Self.blockSize)) }

    init(name: String, size: Int64) {
        self.name = name
        self.size = size
    }

    var block: [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ text: String, at offset: Int) { block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8) }
        put(name, at: 0)
        put("0000600", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        block.replaceSubrange(124..<136, with: sizeField)
        put("00000000000", at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(Self.octal(Self.sum(block), digits: 6), at: 148)
        block[154] = 0
        return block
    }

    /// - Returns: `nil` for a block that is no header of ours: its sum is wrong, or it is no plain file.
    init?(_ block: [UInt8]) {
        guard block.count == Self.blockSize, block[156] == UInt8(ascii: "0"),
            let sum = Self.number(block[148..<154]), sum == Self.sum(block.enumerated().map { (148..<156).contains($0) ? 32 : $1 })
        else { return nil }
        name = String(decoding: block[0..<100].prefix { $0 != 0 }, as: UTF8.self)
        if block[124] == 0x80 {
            guard block[125..<128].allSatisfy({ $0 == 0 }), block[128] < 0x80 else { return nil }
            size = block[128..<136].reduce(0) { $0 << 8 | Int64($1) }
        } else {
            guard let octal = Self.number(block[124..<135]) else { return nil }
            size = octal
        }
    }

    private var sizeField: [UInt8] {
        guard size >= 1 << 33 else { return Array(Self.octal(size, digits: 11).utf8) + [0] }
        return [0x80, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: size >> (56 - 8 * $0)) }
    }

    private static func sum(_ bytes: [UInt8]) -> Int64 { bytes.reduce(0) { $0 + Int64($1) } }

    private static func octal(_ number: Int64, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? { Int64(String(decoding: digits, as: UTF8.self), radix: 8) }
}
