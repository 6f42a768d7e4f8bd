public import Primitives
internal import Synchronization

/// Bytes that are the same in every run and differ from call to call (SplitMix64).
public struct SeededRandom: RandomSource {
    private let generator: Generator

    public init(_ seed: UInt64 = 1) { generator = Generator(seed) }

    public func bytes(_ count: Int) -> [UInt8] { generator.bytes(count) }

    private final class Generator: Sendable {
        private let state: Mutex<UInt64>

        init(_ seed: UInt64) { state = Mutex(seed) }

        func bytes(_ count: Int) -> [UInt8] {
            state.withLock { state in
                (0..<count).map { _ in
                    state &+= 0x9E37_79B9_7F4A_7C15
                    var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
                    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
                    return UInt8(truncatingIfNeeded: mixed ^ mixed >> 31)
                }
            }
        }
    }
}

extension MasterKey {
    /// The same in every test.
    public static let test = MasterKey(bytes: Array(0..<32))!  // 32 bytes, as it asks for
}

extension RootKey {
    /// The same in every test.
    public static let test = RootKey(bytes: Array(0..<32))!  // 32 bytes, as it asks for
}
