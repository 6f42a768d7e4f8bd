import Primitives
import TestSupport
import Testing

@testable import Passwords

@Suite("Password hashing")
struct PasswordHasherTests {
    private let hasher = PasswordHasher(settings: .test, randomness: SeededRandom(7))

    @Test
    func `a password is verified against its own encoding only`() async throws {
        let encoded = try await hasher.hash("correct horse battery")

        #expect(encoded.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"))
        #expect(try await hasher.verify("correct horse battery", against: encoded))
        #expect(try await !hasher.verify("correct horse batterY", against: encoded))
        #expect(try await !hasher.verify("", against: encoded))
    }

    @Test
    func `one password hashed twice has two encodings`() async throws {
        let first = try await hasher.hash("correct horse battery")
        let second = try await hasher.hash("correct horse battery")

        #expect(first != second)
    }

    @Test
    func `an unknown name is checked against an encoding as costly as a known one's`() {
        #expect(!hasher.needsRehash(hasher.decoy))
    }

    @Test
    func `an unknown name is refused whatever is typed`() async throws {
        #expect(try await !hasher.verify("anything", against: nil))
    }

    @Test(arguments: [
        "", "plain", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$", "$2b$10$abcdefghijklmnopqrstuv", "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAA",
    ])
    func `an encoding that is none of ours matches nothing`(encoded: String) async throws {
        #expect(try await !hasher.verify("plain", against: encoded))
    }

    @Test
    func `passwords are taken exactly as typed: space, case and composition count`() async throws {
        let encoded = try await hasher.hash(" caf\u{E9} au lait ")

        #expect(try await hasher.verify(" caf\u{E9} au lait ", against: encoded))
        #expect(try await !hasher.verify("caf\u{E9} au lait", against: encoded))
        #expect(try await !hasher.verify(" cafe\u{301} au lait ", against: encoded))
    }

    @Test
    func `the longest accepted password works, a longer one is nobody's`() async throws {
        let longest = String(repeating: "𝄞", count: 1024)
        let encoded = try await hasher.hash(longest)

        #expect(try await hasher.verify(longest, against: encoded))
        #expect(try await !hasher.verify(longest + "x", against: encoded))
    }

    @Test
    func `other settings ask for a new encoding, the same do not`() async throws {
        let encoded = try await hasher.hash("correct horse battery")
        let costlier = PasswordHasher(settings: Argon2Settings(memory: 16, iterations: 1, parallelism: 1))

        #expect(!hasher.needsRehash(encoded))
        #expect(costlier.needsRehash(encoded))
        #expect(try await costlier.verify("correct horse battery", against: encoded))
    }

    @Test
    func `when too many wait the next is asked to come back`() async throws {
        let busy = PasswordHasher(settings: .test, concurrency: 1, queueLimit: 0)
        let (started, mayEnd) = (Gate(), Gate())
        let holder = Task {
            try await busy.workers.run {
                started.open()
                mayEnd.waitBlocking()
            }
        }
        await started.wait()

        await #expect(throws: PasswordQueueFull.self) { try await busy.verify("anything", against: nil) }
        await #expect(throws: PasswordQueueFull.self) { try await busy.hash("correct horse battery") }
        mayEnd.open()
        _ = try await holder.value

        // The thread takes the next only when it has ended the one before.
        var encoded: String?
        while encoded == nil {
            do { encoded = try await busy.hash("correct horse battery") } catch is PasswordQueueFull { await Task.yield() }
        }
        #expect(encoded?.hasPrefix("$argon2id$") == true)
        #expect(PasswordQueueFull().isUnavailable)
    }

    @Test
    func `fifty at once are all checked when the queue has room`() async throws {
        let roomy = PasswordHasher(settings: .test, concurrency: 3, queueLimit: 50)
        let encoded = try await roomy.hash("correct horse battery")

        let matches = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<50 { group.addTask { try await roomy.verify(index % 2 == 0 ? "correct horse battery" : "wrong", against: encoded) } }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }

        #expect(matches == 25)
    }
}
