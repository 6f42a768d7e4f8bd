internal import Synchronization
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Where unpredictable bytes come from.
public protocol RandomSource: Sendable {
    /// - Returns: `count` bytes fit for keys and tokens.
    func bytes(_ count: Int) -> [UInt8]
}

/// The operating system's generator.
public struct SystemRandom: RandomSource {
    public init() {}

    public func bytes(_ count: Int) -> [UInt8] { KernelBytes.shared.take(count) }
}

/// Bytes of the kernel's generator that were not given out yet: asked for by the page, because a system call for each id costs more than the id.
/// What is given out is erased, so that a later look into this memory finds no key.
private final class KernelBytes: Sendable {
    static let shared = KernelBytes()

    private struct State {
        var page = [UInt8](repeating: 0, count: KernelBytes.pageSize)
        var next = KernelBytes.pageSize
    }

    private let state = Mutex(State())

    private static let pageSize = 4096

    func take(_ count: Int) -> [UInt8] {
        guard count <= Self.pageSize / 8 else { return Self.read(count) }
        return state.withLock { state in
            if state.next + count > Self.pageSize {
                state.page = Self.read(Self.pageSize)
                state.next = 0
            }
            let taken = Array(state.page[state.next..<state.next + count])
            for index in state.next..<state.next + count { state.page[index] = 0 }
            state.next += count
            return taken
        }
    }

    /// arc4random_buf(3): since glibc 2.36 it is getrandom(2) without its interruptions.
    private static func read(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            if let start = buffer.baseAddress { arc4random_buf(start, count) }
            filled = count
        }
    }
}

extension RandomSource {
    /// `count` letters and digits, evenly drawn: 5.95 bits each.
    public func alphanumerics(_ count: Int) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(count)
        while text.count < count {
            // 248 = 4 × 62: larger bytes are dropped so that no letter is likelier than another.
            for byte in bytes(count + 4) where byte < 248 && text.count < count {
                text.append(alphanumeric[Int(byte) % 62])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// 256 random bits as base64url, 43 characters.
    public func token() -> String { Base64URL.encode(bytes(32)) }
}

private let alphanumeric = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
