/// The cost of one Argon2id hash (RFC 9106).
public struct Argon2Settings: Hashable, Sendable {
    /// KiB
    public let memory: UInt32
    /// Passes over the memory.
    public let iterations: UInt32
    public let parallelism: UInt32

    public init(memory: UInt32, iterations: UInt32, parallelism: UInt32) {
        self.memory = memory
        self.iterations = iterations
        self.parallelism = parallelism
    }

    /// OWASP's first choice: 19 MiB, two passes, one lane; about 15 ms.
    public static let production = Argon2Settings(memory: 19 * 1024, iterations: 2, parallelism: 1)

    /// As cheap as the algorithm allows, for tests.
    public static let test = Argon2Settings(memory: 8, iterations: 1, parallelism: 1)

    /// How an encoding made with these settings begins.
    var encodedPrefix: String { "$argon2id$v=19$m=\(memory),t=\(iterations),p=\(parallelism)$" }
}
