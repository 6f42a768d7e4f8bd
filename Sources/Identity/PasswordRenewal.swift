import Events
public import Primitives
public import Storage

/// Setting a password anew: by the link of a reset mail, or by somebody who is signed in.
public struct PasswordRenewal: Sendable {
    private let sessions: Sessions
    private let links: OneTimeLinks
    private let people = People()
    private let throttle = SignInThrottle(limits: SignInLimits())
    private let codeThrottle = SignInThrottle(limits: .secondStep)
    private let audit = AuditLog()

    public init(sessions: Sessions, randomness: any RandomSource) {
        self.sessions = sessions
        links = OneTimeLinks(randomness: randomness)
    }

    /// Whose password the link would set, while it works: for the page with the form, and the password rules that look at the owner's name.
    public func person(of secret: String, at now: Timestamp, in tx: any ReadTransaction) throws -> Person? {
        try links.person(of: secret, .resetPassword, at: now, in: tx).flatMap { try people.find($0, in: tx) }.flatMap { $0.isActive ? $0 : nil }
    }

    /// Sets the password with the link: the link is spent, every session ends, delays are forgiven, and the email counts as confirmed, since the link arrived
    /// there. Where it was not until now, a second factor of before is taken away.
    /// - Returns: `nil` for a link that does not work (any more).
    public func reset(
        with secret: String, passwordHash: String, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> Person? {
        guard let id = try links.spend(secret, .resetPassword, at: now, in: tx), let person = try people.find(id, in: tx), person.isActive else {
            return nil
        }
        if try people.confirmEmail(of: id, at: now, in: tx) {
            try audit.append(AuditEntry(actor: .person(id), action: .emailConfirmed, subject: id.rawValue, requestID: requestID, at: now), in: tx)
            try removeFactorOfBefore(of: id, at: now, requestID: requestID, in: tx)
        }
        try links.supersede(.confirmEmail, of: id, at: now, in: tx)
        try set(passwordHash, of: person, keeping: nil, at: now, requestID: requestID, in: tx)
        return try people.find(id, in: tx)
    }

    /// Sets the password of somebody who is signed in and has just proved the old one; their other sessions end.
    /// - Parameter proof: that of the old password.
    /// - Returns: why the old one stays; `nil` when the new one is set.
    public func change(
        in session: Session, after proof: FirstStep, passwordHash: String, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws -> ProofRefusal? {
        if let refusal = try proof.refusal(in: session, at: now, in: tx) { return refusal }
        try links.supersede(.resetPassword, of: session.person.id, at: now, in: tx)
        try set(passwordHash, of: session.person, keeping: session.id, at: now, requestID: requestID, in: tx)
        return nil
    }

    /// Until now nobody had proved that the mailbox is theirs. Whoever turned the factor on signed up with the address, a stranger perhaps, whose phone would
    /// keep its owner out for good.
    private func removeFactorOfBefore(of id: PersonID, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction) throws {
        guard try SecondFactors.remove(of: id, in: tx) else { return }
        try codeThrottle.forgiveCodes(of: id, in: tx)
        try audit.append(AuditEntry(actor: .person(id), action: .secondFactorReset, subject: id.rawValue, requestID: requestID, at: now), in: tx)
    }

    private func set(
        _ hash: String, of person: Person, keeping: SessionID?, at now: Timestamp, requestID: RequestID?, in tx: any WriteTransaction
    ) throws {
        try people.setPasswordHash(hash, of: person.id, at: now, in: tx)
        try throttle.forgive(person, in: tx)
        let ended = try sessions.endAll(of: person.id, keeping: keeping, at: now, in: tx)
        try audit.append(
            AuditEntry(
                actor: .person(person.id), action: .passwordChanged, subject: person.id.rawValue, after: ["sessions_ended": String(ended)],
                requestID: requestID, at: now),
            in: tx)
    }
}
