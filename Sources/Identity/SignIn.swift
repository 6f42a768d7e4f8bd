import Events
public import Passwords
public import Primitives
public import Storage

/// How an attempt to sign in ended.
public enum SignInOutcome: Hashable, Sendable {
    /// The password was right, and a session may begin after it.
    case signedIn(FirstStep)
    /// The password was right; a one-time code is due.
    case secondStep(FirstStep)
    /// Name and password do not match, whoever they are.
    case refused
    /// Too many attempts failed; the next is looked at from this moment on.
    case delayed(until: Timestamp)
}

/// Whether somebody who is signed in knows their password.
public enum PasswordProof: Hashable, Sendable {
    case right(FirstStep)
    case wrong
    case delayed(until: Timestamp)
}

/// Signing in with name and password.
public struct SignIn: Sendable {
    private let database: any Database
    private let passwords: PasswordHasher
    private let throttle: SignInThrottle
    private let people = People()
    private let audit = AuditLog()

    public init(database: any Database, passwords: PasswordHasher, limits: SignInLimits = SignInLimits()) {
        self.database = database
        self.passwords = passwords
        throttle = SignInThrottle(limits: limits)
    }

    /// Looks at one attempt. An unknown name takes the same steps, writes and time as a known one.
    /// - Throws: storage failures, and `PasswordQueueFull` when too many sign in at once.
    public func attempt(
        name: String, password: String, population: Population, world: OrganisationID? = nil, from address: String, requestID: RequestID?,
        at now: Timestamp
    ) async throws -> SignInOutcome {
        let attempt = SignInAttempt(name: SignInName.fold(name) ?? "", population: population, world: world, address: address)
        switch try await look(at: attempt, password: password, requestID: requestID, at: now) {
        case .delayed(let until): return .delayed(until: until)
        case .refused: return .refused
        case .right(let person, let hash):
            let accepted = try await accept(attempt, person: person, password: password, hash: hash, requestID: requestID, at: now)
            if let accepted { return accepted }
            // It was changed, or another sign-in renewed its encoding: the one that is there now decides, and this look does not count.
            try await database.write { [throttle] tx in try throttle.giveBack(attempt.counted, at: now, in: tx) }
            return try await self.attempt(
                name: name, password: password, population: population, world: world, from: address, requestID: requestID, at: now)
        }
    }

    /// Asks somebody who is signed in for their password once more. It is the same door as a sign-in, so guesses are slowed down here too.
    public func prove(
        _ password: String, of person: Person, from address: String, requestID: RequestID?, at now: Timestamp
    ) async throws -> PasswordProof {
        let attempt = SignInAttempt(name: person.signInName, population: person.population, world: person.world, address: address)
        switch try await look(at: attempt, password: password, requestID: requestID, at: now) {
        case .delayed(let until): return .delayed(until: until)
        case .right(let found, let hash) where found.id == person.id:
            try await database.write { [throttle] tx in try throttle.succeed(attempt.counted, at: now, in: tx) }
            return .right(FirstStep(person: found.id, passwordHash: hash, at: now))
        case .refused, .right: return .wrong
        }
    }

    /// Forgets old counts: a background job.
    /// - Returns: how many.
    @discardableResult
    public func purge(at now: Timestamp, limit: Int = 1000, in tx: any WriteTransaction) throws -> Int {
        try throttle.purge(at: now, limit: limit, in: tx)
    }

    private enum Look {
        case delayed(until: Timestamp)
        case refused
        case right(Person, hash: String)
    }

    private func look(at attempt: SignInAttempt, password: String, requestID: RequestID?, at now: Timestamp) async throws -> Look {
        // The attempt is counted as failed before the password is looked at: of a hundred at once only as many are looked at as one after another would be.
        let entry = try await database.write { [throttle] tx in try throttle.enter(attempt.counted, at: now, in: tx) }
        if case .delayed(let until) = entry { return .delayed(until: until) }

        let (person, hash) = try await credentials(of: attempt)
        let matches: Bool
        do {
            matches = try await passwords.verify(password, against: hash)
        } catch {
            // The password was not looked at, so it does not count.
            try await database.write { [throttle] tx in try throttle.giveBack(attempt.counted, at: now, in: tx) }
            throw error
        }
        guard matches, let person, person.isActive, let hash else {
            try await refuse(attempt, person: person, requestID: requestID, at: now)
            return .refused
        }
        return .right(person, hash: hash)
    }

    private func credentials(of attempt: SignInAttempt) async throws -> (Person?, String?) {
        try await database.read { [people] tx in
            let person = try people.find(signInName: attempt.name, population: attempt.population, world: attempt.world, in: tx)
            return (person, try person.flatMap { try people.passwordHash(of: $0.id, in: tx) })
        }
    }

    /// - Returns: `nil` when the password has another encoding by now than the one that was looked at.
    private func accept(
        _ attempt: SignInAttempt, person: Person, password: String, hash: String, requestID: RequestID?, at now: Timestamp
    ) async throws -> SignInOutcome? {
        let renewed = passwords.needsRehash(hash) ? try? await passwords.hash(password) : nil
        return try await database.write { [audit, throttle] tx -> SignInOutcome? in
            guard try FirstStep(person: person.id, passwordHash: hash, at: now).holder(in: tx) != nil else { return nil }
            if let renewed { try tx.execute("UPDATE person SET password_hash = \(renewed) WHERE id = \(person.id)") }
            try throttle.succeed(attempt.counted, at: now, in: tx)
            let isEnrolled = try SecondFactors.isEnrolled(person.id, in: tx)
            try audit.append(
                AuditEntry(
                    actor: .person(person.id), action: isEnrolled ? .passwordAccepted : .signedIn, subject: person.id.rawValue,
                    after: ["population": person.population.rawValue, "address": attempt.address], requestID: requestID, at: now),
                in: tx)
            let first = FirstStep(person: person.id, passwordHash: renewed ?? hash, at: now)
            return isEnrolled ? .secondStep(first) : .signedIn(first)
        }
    }

    /// The name that was typed is not kept when it is nobody's: it may be a password in the wrong field.
    private func refuse(_ attempt: SignInAttempt, person: Person?, requestID: RequestID?, at now: Timestamp) async throws {
        try await database.write { [audit] tx in
            try audit.append(
                AuditEntry(
                    actor: .system, action: .signInRefused, subject: person?.id.rawValue ?? "unknown",
                    after: ["population": attempt.population.rawValue, "address": attempt.address], requestID: requestID, at: now),
                in: tx)
        }
    }
}
