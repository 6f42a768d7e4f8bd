/// Where a consent stands.
public enum ConsentStatus: String, CaseIterable, Sendable, Codable {
    case awaitingAuthorisation = "awaiting_authorisation"
    case authorised
    case rejected
    case revoked
    case expired
    case consumed
    case suspended

    /// Nothing leads out of it.
    public var isFinal: Bool {
        switch self {
        case .rejected, .revoked, .expired, .consumed: true
        case .awaitingAuthorisation, .authorised, .suspended: false
        }
    }
}

/// Who moved a consent.
public enum ConsentActor: String, CaseIterable, Sendable, Codable {
    case customer
    case partner
    case bank
    case system
}

/// What may happen to a consent.
public enum ConsentEvent: String, CaseIterable, Sendable, Codable {
    case authorise
    case reject
    case revoke
    case expire
    /// Its one payment was made.
    case consume
    case suspend
    case resume
    /// The customer says again what they said before, because the bank asked whether it still holds.
    case confirm
}

/// What an event does to a consent.
public enum ConsentTransition: Hashable, Sendable {
    case moves(to: ConsentStatus)
    /// It has already happened; repeating it is harmless.
    case stays
    case refused(ConsentTransitionRefusal)
}

public enum ConsentTransitionRefusal: String, Hashable, Sendable {
    /// The status does not allow the event.
    case status
    /// The event is not this actor's to cause.
    case actor
}
