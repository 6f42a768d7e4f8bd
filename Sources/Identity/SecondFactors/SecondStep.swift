import Events
import OAuth
public import Primitives
public import Storage

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
    private let audit = AuditLog()

    public init(database: any Database, factors: SecondFactors, limits: SignInLimits = .secondStep) {
        self.database = database
        self.factors = factors
        throttle = SignInThrottle(limits: limits)
    }

    /// Completes a sign-in; its session begins after the same first step.
    public func complete(
        _ first: FirstStep, with typed: String, population: Population, from address: String, requestID: RequestID?, at now: Timestamp
    ) async throws -> SecondStepOutcome {
        guard first.isOpen(at: now) else { return .over }
        return try await database.write { tx in
            guard let person = try first.holder(in: tx), person.population == population, try SecondFactors.isEnrolled(person.id, in: tx) else { return .over }
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
