import Events
import OAuth
public import Primitives
public import Storage

/// The first step of a sign-in, which a one-time code has to complete: who proved which password, and when. It travels sealed in the browser, is no session
/// and opens nothing by itself.
public struct FirstStep: Hashable, Codable, Sendable {
    public let person: PersonID
    /// Of the password's encoding: a step with a password that was changed since leads nowhere.
    public let password: Digest
    public let provedAt: Timestamp

    public static let lifetime = Duration.minutes(5)

    init(person: PersonID, passwordHash: String, at now: Timestamp) {
        self.init(person: person, password: Digest(of: passwordHash), provedAt: now)
    }

    /// One that was on its way through the browser.
    public init(person: PersonID, password: Digest, provedAt: Timestamp) {
        self.person = person
        self.password = password
        self.provedAt = provedAt
    }

    public func isOpen(at now: Timestamp) -> Bool { now < provedAt + Self.lifetime && now > provedAt - Self.lifetime }
}

/// How a code was taken.
public enum CodeOutcome: Hashable, Sendable {
    case right(SpentCode)
    /// It is none of theirs, or was used before.
    case refused
    /// Too many failed; the next is looked at from this moment on.
    case delayed(until: Timestamp)
}

/// How a sign-in in two steps ended.
public enum SecondStepOutcome: Hashable, Sendable {
    case signedIn(Person, SpentCode)
    /// The first step is over, or is worth nothing any more: sign in anew.
    case over
    case refused
    case delayed(until: Timestamp)
}

/// The second step of a sign-in: a one-time code or a recovery code after the password.
public struct SecondStep: Sendable {
    public static let methods = AuthenticationMethod.passwordAndCode.map(\.rawValue)

    private let database: any Database
    private let factors: SecondFactors
    private let throttle: SignInThrottle
    private let people = People()
    private let audit = AuditLog()

    public init(database: any Database, factors: SecondFactors, limits: SignInLimits = .secondStep) {
        self.database = database
        self.factors = factors
        throttle = SignInThrottle(limits: limits)
    }

    /// Completes a sign-in.
    public func complete(
        _ first: FirstStep, with typed: String, population: Population, from address: String, requestID: RequestID?, at now: Timestamp
    ) async throws -> SecondStepOutcome {
        guard first.isOpen(at: now) else { return .over }
        return try await database.write { tx in
            guard let person = try people.find(first.person, in: tx), person.isActive, person.population == population,
                let hash = try people.passwordHash(of: person.id, in: tx), constantTimeEqual(Digest(of: hash).text, first.password.text),
                try SecondFactors.isEnrolled(person.id, in: tx)
            else { return .over }
            switch try take(typed, of: person, from: address, requestID: requestID, at: now, in: tx) {
            case .right(let spent):
                try audit.append(
                    AuditEntry(
                        actor: .person(person.id), action: .signedIn, subject: person.id.rawValue,
                        after: ["population": population.rawValue, "address": address, "second_step": spent.rawValue], requestID: requestID, at: now),
                    in: tx)
                return .signedIn(person, spent)
            case .refused: return .refused
            case .delayed(let until): return .delayed(until: until)
            }
        }
    }

    /// Takes a code of somebody, whatever for. It is counted as failed before it is looked at, in the same transaction.
    public func take(
        _ typed: String, of person: Person, from address: String, requestID: RequestID?, at now: Timestamp, in tx: any WriteTransaction
    ) throws -> CodeOutcome {
        let attempt = CountedAttempt(codeOf: person.id, address: address)
        if case .delayed(let until) = try throttle.enter(attempt, at: now, in: tx) { return .delayed(until: until) }
        guard let spent = try factors.spend(typed, of: person.id, at: now, in: tx) else {
            try audit.append(
                AuditEntry(
                    actor: .system, action: .codeRefused, subject: person.id.rawValue,
                    after: ["population": person.population.rawValue, "address": address], requestID: requestID, at: now),
                in: tx)
            return .refused
        }
        try throttle.succeed(attempt, at: now, in: tx)
        if spent == .recoveryCode {
            try audit.append(
                AuditEntry(actor: .person(person.id), action: .recoveryCodeUsed, subject: person.id.rawValue, requestID: requestID, at: now), in: tx)
        }
        return .right(spent)
    }
}
