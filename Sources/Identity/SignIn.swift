import Events
package import Passwords
package import Primitives
package import Storage

/// How an attempt to sign in ended.
package enum SignInOutcome: Hashable, Sendable {
    case signedIn(Person)
    /// Name and password do not match, whoever they are.
    case refused
    /// Too many attempts failed; the next is looked at from this moment on.
    case delayed(until: Timestamp)
}

/// Signing in with name and password.
package struct SignIn: Sendable {
    private let database: any Database
    private let passwords: PasswordHasher
    private let throttle: SignInThrottle
    private let people = People()
    private let audit = AuditLog()

    package init(database: any Database, passwords: PasswordHasher, limits: SignInLimits = SignInLimits()) {
        self.database = database
        self.passwords = passwords
        throttle = SignInThrottle(limits: limits)
    }

    /// Looks at one attempt. An unknown name takes the same steps, writes and time as a known one.
    /// - Throws: storage failures, and `PasswordQueueFull` when too many sign in at once.
    package func attempt(
        name: String, password: String, population: Population, world: OrganisationID? = nil, from address: String, requestID: RequestID?,
        at now: Timestamp
    ) async throws -> SignInOutcome {
        let attempt = SignInAttempt(name: SignInName.fold(name) ?? "", population: population, world: world, address: address)
        // The attempt is counted as failed before the password is looked at: of a hundred at once only as many are looked at as one after another would be.
        let entry = try await database.write { [throttle] tx in try throttle.enter(attempt, at: now, in: tx) }
        if case .delayed(let until) = entry { return .delayed(until: until) }

        let (person, hash) = try await credentials(of: attempt)
        let matches: Bool
        do {
            matches = try await passwords.verify(password, against: hash)
        } catch {
            // The password was not looked at, so it does not count.
            try await database.write { [throttle] tx in try throttle.giveBack(attempt, at: now, in: tx) }
            throw error
        }
        guard matches, let person, person.isActive, let hash else {
            try await refuse(attempt, person: person, requestID: requestID, at: now)
            return .refused
        }
        return try await accept(attempt, person: person, password: password, hash: hash, requestID: requestID, at: now)
    }

    /// Forgets old counts: a background job.
    /// - Returns: how many.
    @discardableResult
    package func purge(at now: Timestamp, in tx: any WriteTransaction) throws -> Int { try throttle.purge(at: now, in: tx) }

    private func credentials(of attempt: SignInAttempt) async throws -> (Person?, String?) {
        try await database.read { [people] tx in
            let person = try people.find(signInName: attempt.name, population: attempt.population, world: attempt.world, in: tx)
            return (person, try person.flatMap { try people.passwordHash(of: $0.id, in: tx) })
        }
    }

    private func accept(
        _ attempt: SignInAttempt, person: Person, password: String, hash: String, requestID: RequestID?, at now: Timestamp
    ) async throws -> SignInOutcome {
        let renewed = passwords.needsRehash(hash) ? try? await passwords.hash(password) : nil
        return try await database.write { [audit, throttle] tx in
            if let renewed {
                // Unless the password was changed meanwhile.
                try tx.execute("UPDATE person SET password_hash = \(renewed) WHERE id = \(person.id) AND password_hash = \(hash)")
            }
            try throttle.succeed(attempt, at: now, in: tx)
            try audit.append(
                AuditEntry(
                    actor: .person(person.id), action: .signedIn, subject: person.id.rawValue,
                    after: ["population": person.population.rawValue, "address": attempt.address], requestID: requestID, at: now),
                in: tx)
            return .signedIn(person)
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
