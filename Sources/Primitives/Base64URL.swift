/// base64url without padding (RFC 4648 §5, RFC 7515 §2).
public enum Base64URL {
    public static func encode(_ bytes: some Sequence<UInt8>) -> String { encode(Array(bytes)) }

    public static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: (bytes.count * 4 + 2) / 3) { output in
            bytes.withUnsafeBufferPointer { write($0, to: output) }
        }
    }

    /// - Returns: how many characters were written: ⌈4n/3⌉.
    private static func write(_ bytes: UnsafeBufferPointer<UInt8>, to output: UnsafeMutableBufferPointer<UInt8>) -> Int {
        alphabet.withUnsafeBufferPointer { alphabet in
            var written = 0
            var read = 0
            // Three bytes are four characters.
            while read + 3 <= bytes.count {
                let three = UInt32(bytes[read]) << 16 | UInt32(bytes[read + 1]) << 8 | UInt32(bytes[read + 2])
                for place in 0..<4 { output[written + place] = alphabet[Int(three >> UInt32(18 - 6 * place) & 0x3F)] }
                read += 3
                written += 4
            }
            let rest = bytes.count - read
            guard rest > 0 else { return written }
            let last = UInt32(bytes[read]) << 16 | (rest == 2 ? UInt32(bytes[read + 1]) << 8 : 0)
            for place in 0...rest { output[written + place] = alphabet[Int(last >> UInt32(18 - 6 * place) & 0x3F)] }
            return written + rest + 1
        }
    }

    /// - Returns: `nil` for padding, foreign characters, an impossible length, or bits set beyond the last byte: each value has one spelling.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var text = String(text)
        return text.withUTF8 { decode($0) }
    }

    /// The same of ASCII characters that lie in memory.
    public static func decode(_ characters: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var isSound = true
        let bytes = [UInt8](unsafeUninitializedCapacity: characters.count * 3 / 4 + 1) { output, written in
            isSound = values.withUnsafeBufferPointer { read(characters, $0, into: output, &written) }
        }
        return isSound ? bytes : nil
    }

    private static func read(
        _ characters: UnsafeBufferPointer<UInt8>, _ values: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>, _ written: inout Int
    ) -> Bool {
        var read = 0
        // Four characters are three bytes.
        while read + 4 <= characters.count {
            let four = (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(values[Int(characters[read + $1])]) }
            guard four & 0x8080_8080 == 0 else { return false }
            output[written] = UInt8(truncatingIfNeeded: four >> 22 | four >> 20 & 0x3)
            output[written + 1] = UInt8(truncatingIfNeeded: four >> 12 & 0xF0 | four >> 10 & 0xF)
            output[written + 2] = UInt8(truncatingIfNeeded: four >> 2 & 0xC0 | four & 0x3F)
            read += 4
            written += 3
        }
        return readLast(characters[read...], values, into: output, &written)
    }

    private static func readLast(
        _ characters: Slice<UnsafeBufferPointer<UInt8>>, _ values: UnsafeBufferPointer<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>,
        _ written: inout Int
    ) -> Bool {
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for character in characters {
            let value = values[Int(character)]
            guard value != 0xFF else { return false }
            buffer = buffer << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                output[written] = UInt8(truncatingIfNeeded: buffer >> bits)
                written += 1
            }
        }
        return bits < 6 && buffer & (1 << bits - 1) == 0
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()
}
