/// Where unpredictable bytes come from.
package protocol RandomSource: Sendable {
    /// - Returns: `count` bytes fit for keys and tokens.
    func bytes(_ count: Int) -> [UInt8]
}

/// The operating system's generator.
package struct SystemRandom: RandomSource {
    package init() {}

    package func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 7)
        while bytes.count < count {
            withUnsafeBytes(of: generator.next() as UInt64) { bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}

extension RandomSource {
    /// `count` letters and digits, evenly drawn: 5.95 bits each.
    package func alphanumerics(_ count: Int) -> String {
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        var text: [UInt8] = []
        while text.count < count {
            // 248 = 4 × 62: larger bytes are dropped so that no letter is likelier than another.
            for byte in bytes(count + 8) where byte < 248 && text.count < count {
                text.append(alphabet[Int(byte) % 62])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// 256 random bits as base64url, 43 characters.
    package func token() -> String { Base64URL.encode(bytes(32)) }
}
