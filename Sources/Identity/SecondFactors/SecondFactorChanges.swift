public import Events
public import Primitives
public import Storage

/// Turning a second factor on and off, and renewing its recovery codes; each is told in the audit log.
public struct SecondFactorChanges: Sendable {
    private let factors: SecondFactors
    private let secondStep: SecondStep
    private let throttle = SignInThrottle(limits: .secondStep)
    private let audit = AuditLog()

    public init(factors: SecondFactors, secondStep: SecondStep) {
        self.factors = factors
        self.secondStep = secondStep
    }

    /// How turning on ended.
    public enum TurningOn: Sendable {
        /// With the recovery codes, for the one page that shows them.
        case on([RecoveryCode])
        /// The code is not the key's, or nothing waits.
        case wrongCode
        case refused(ProofRefusal)
    }

    /// Turns on the key that waits in this session, with its first code.
    /// - Parameter proof: that of the password, given just before in this session.
    public func turnOn(
        with typed: String, in session: Session, after proof: FirstStep, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> TurningOn {
        let person = session.person.id
        if let refusal = try proof.refusal(in: session, at: now, in: tx) { return .refused(refusal) }
        guard let codes = try factors.confirm(typed, of: person, in: session.id, at: now, in: tx) else { return .wrongCode }
        try note(.secondFactorTurnedOn, of: person, by: .person(person), at: now, requestID: requestID, in: tx)
        return .on(codes)
    }

    /// How a change that needs a code ended.
    public enum Outcome<Result: Sendable>: Sendable {
        case done(Result)
        case refused
        case delayed(until: Timestamp)
    }

    /// Ten new recovery codes for a code.
    public func renewRecoveryCodes(
        with typed: String, of person: Person, from address: String, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Outcome<[RecoveryCode]> {
        switch try secondStep.take(typed, of: person, from: address, requestID: requestID, at: now, in: tx) {
        case .delayed(let until): return .delayed(until: until)
        case .refused: return .refused
        case .right:
            let codes = try factors.renewRecoveryCodes(of: person.id, at: now, in: tx)
            try note(.recoveryCodesRenewed, of: person.id, by: .person(person.id), at: now, requestID: requestID, in: tx)
            return .done(codes)
        }
    }

    /// Turns the factor off for a code: from then on the password alone signs in.
    public func turnOff(
        with typed: String, of person: Person, from address: String, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Outcome<Void> {
        switch try secondStep.take(typed, of: person, from: address, requestID: requestID, at: now, in: tx) {
        case .delayed(let until): return .delayed(until: until)
        case .refused: return .refused
        case .right:
            _ = try SecondFactors.remove(of: person.id, in: tx)
            try note(.secondFactorTurnedOff, of: person.id, by: .person(person.id), at: now, requestID: requestID, in: tx)
            return .done(())
        }
    }

    /// Takes away the factor of somebody who lost phone and recovery codes: by the operator, or by staff who made sure who asks.
    /// - Returns: whether there was one.
    public func reset(
        of person: PersonID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Bool {
        guard try SecondFactors.remove(of: person, in: tx) else { return false }
        try throttle.forgiveCodes(of: person, in: tx)
        try note(.secondFactorReset, of: person, by: actor, at: now, requestID: requestID, in: tx)
        return true
    }

    private func note(
        _ action: AuditAction, of person: PersonID, by actor: Actor, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws {
        try audit.append(AuditEntry(actor: actor, action: action, subject: person.rawValue, requestID: requestID, at: now), in: tx)
    }
}
