internal import CArgon2
public import Primitives
internal import Synchronization

/// More sign-ins wait than the machine can hash in good time: 503, come back.
public struct PasswordQueueFull: Unavailability, CustomStringConvertible {
    public init() {}

    public var isUnavailable: Bool { true }
    public var description: String { "too many passwords wait to be checked" }
}

/// Argon2 itself failed, which happens when memory runs out.
public struct PasswordHashingFailed: Unavailability, CustomStringConvertible {
    let code: Int32

    public var isUnavailable: Bool { true }
    public var description: String { "argon2 answered \(code)" }
}

/// Hashes and checks people's passwords with Argon2id (RFC 9106), on threads of its own.
public final class PasswordHasher: Sendable {
    private let settings: Argon2Settings
    private let randomness: any RandomSource
    let workers: BoundedWorkers
    /// What an unknown name is checked against, so that it costs the same as a known one.
    let decoy: String
    private let checkCount = Atomic(0)

    /// Passwords checked since the start, each by one computation of Argon2.
    public var checks: Int { checkCount.load(ordering: .relaxed) }

    /// - Parameters:
    ///   - concurrency: hashes computed at once; each takes the memory of the settings.
    ///   - queueLimit: how many may wait; the next is refused with `PasswordQueueFull`.
    public init(
        settings: Argon2Settings = .production, concurrency: Int = 2, queueLimit: Int = 32, randomness: any RandomSource = SystemRandom()
    ) {
        self.settings = settings
        self.randomness = randomness
        workers = BoundedWorkers(label: "wekeza.passwords", concurrency: concurrency, queueLimit: queueLimit)
        let unguessable = Base64URL.encode(randomness.bytes(32))
        // Without memory for the decoy the encoding is empty, and checking against it answers false, as it should.
        decoy = (try? Self.encode(unguessable, salt: randomness.bytes(16), settings)) ?? ""
    }

    /// - Returns: the encoding `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
    /// - Throws: `PasswordQueueFull`.
    public func hash(_ password: String) async throws -> String {
        let salt = randomness.bytes(16)
        guard let encoded = try await workers.run({ [settings] in try Self.encode(password, salt: salt, settings) }) else {
            throw PasswordQueueFull()
        }
        return encoded
    }

    /// - Parameter encoded: `nil` for an unknown name: the same work, then `false`.
    /// - Throws: `PasswordQueueFull`.
    public func verify(_ password: String, against encoded: String?) async throws -> Bool {
        let known = encoded != nil
        let encoded = encoded ?? decoy
        // Longer than any password we accept: it is nobody's, known or not.
        guard password.utf8.count <= PasswordRules.maximumBytes else { return false }
        guard let matches = try await workers.run({ try Self.matches(password, encoded) }) else { throw PasswordQueueFull() }
        checkCount.add(1, ordering: .relaxed)
        return matches && known
    }

    /// Whether the encoding was made with other settings than today's: at the next sign-in, when the password is at hand, it is made anew.
    public func needsRehash(_ encoded: String) -> Bool { !encoded.hasPrefix(settings.encodedPrefix) }

    private static func encode(_ password: String, salt: [UInt8], _ settings: Argon2Settings) throws -> String {
        let password = Array(password.utf8)
        let length = argon2_encodedlen(
            settings.iterations, settings.memory, settings.parallelism, UInt32(salt.count), UInt32(hashLength), Argon2_id)
        var encoded = [CChar](repeating: 0, count: length)
        let code = argon2id_hash_encoded(
            settings.iterations, settings.memory, settings.parallelism, password, password.count, salt, salt.count, hashLength, &encoded,
            length)
        guard code == ARGON2_OK.rawValue else { throw PasswordHashingFailed(code: code) }
        return String(decoding: encoded.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// libargon2 compares in constant time.
    private static func matches(_ password: String, _ encoded: String) throws -> Bool {
        let password = Array(password.utf8)
        let code = argon2id_verify(encoded, password, password.count)
        guard code != ARGON2_MEMORY_ALLOCATION_ERROR.rawValue else { throw PasswordHashingFailed(code: code) }
        return code == ARGON2_OK.rawValue
    }

    /// Bytes.
    private static let hashLength = 32
}
