internal import Crypto

/// A token's SHA-256 digest, as a key of what is remembered of it.
struct TokenDigest: Hashable, Sendable {
    let first, second, third, fourth: UInt64

    init(of token: String) {
        var (token, hash) = (token, SHA256())
        token.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        (first, second, third, fourth) = hash.finalize().withUnsafeBytes { bytes in
            func word(_ index: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) }
            return (word(0), word(1), word(2), word(3))
        }
    }

    func hash(into hasher: inout Hasher) { hasher.combine(second) }
}
