extension ConsentStatus {
    /// The transition table, total over every status, event and actor.
    public func transition(on event: ConsentEvent, by actor: ConsentActor) -> ConsentTransition {
        guard event.mayComeFrom(actor) else { return .refused(.actor) }
        return transition(on: event)
    }

    /// The table without its actors: each status, each event.
    public func transition(on event: ConsentEvent) -> ConsentTransition {
        switch (self, event) {
        case (.awaitingAuthorisation, .authorise): .moves(to: .authorised)
        case (.awaitingAuthorisation, .reject): .moves(to: .rejected)
        case (.awaitingAuthorisation, .revoke): .moves(to: .revoked)
        case (.awaitingAuthorisation, .expire): .moves(to: .expired)
        case (.awaitingAuthorisation, .consume), (.awaitingAuthorisation, .suspend), (.awaitingAuthorisation, .resume),
            (.awaitingAuthorisation, .confirm):
            .refused(.status)

        case (.authorised, .revoke): .moves(to: .revoked)
        case (.authorised, .expire): .moves(to: .expired)
        case (.authorised, .consume): .moves(to: .consumed)
        case (.authorised, .suspend): .moves(to: .suspended)
        case (.authorised, .resume): .stays
        // One customer decides once; a second approval is another consent's.
        case (.authorised, .authorise), (.authorised, .reject), (.authorised, .confirm): .refused(.status)

        case (.suspended, .resume), (.suspended, .confirm): .moves(to: .authorised)
        case (.suspended, .revoke): .moves(to: .revoked)
        case (.suspended, .expire): .moves(to: .expired)
        case (.suspended, .suspend): .stays
        case (.suspended, .authorise), (.suspended, .reject), (.suspended, .consume): .refused(.status)

        case (.rejected, .reject), (.revoked, .revoke), (.expired, .expire), (.consumed, .consume): .stays
        case (.rejected, _), (.revoked, _), (.expired, _), (.consumed, _): .refused(.status)
        }
    }

    /// The statuses that an event leads out of: the `WHERE` of its conditional write.
    public static func leaving(on event: ConsentEvent) -> [ConsentStatus] {
        allCases.filter { if case .moves = $0.transition(on: event) { true } else { false } }
    }
}

extension ConsentEvent {
    /// Whose decision the event is.
    public func mayComeFrom(_ actor: ConsentActor) -> Bool {
        switch self {
        case .authorise, .confirm: actor == .customer
        case .reject: actor == .customer || actor == .bank
        case .revoke: actor != .system
        case .expire, .consume: actor == .system
        case .suspend, .resume: actor == .bank
        }
    }
}
