extension PaymentStatus {
    /// The transition table, total over every status, event and actor.
    public func transition(on event: PaymentEvent, by actor: PaymentActor) -> PaymentTransition {
        // What was stopped for a look, the program cannot let go on by itself.
        if self == .held || self == .blocked, event == .accept || event == .reject, actor != .bank { return .refused }
        guard event.mayComeFrom(actor) else { return .refused }
        return transition(on: event)
    }

    /// The table without its actors: each status, each event.
    public func transition(on event: PaymentEvent) -> PaymentTransition {
        switch (self, event) {
        case (.scheduled, .execute): .moves(to: .received)
        case (.scheduled, .reject): .moves(to: .rejected)
        case (.scheduled, .cancel): .moves(to: .cancelled)
        case (.scheduled, .hold), (.scheduled, .block), (.scheduled, .accept), (.scheduled, .settle): .refused

        case (.received, .execute): .stays
        case (.received, .hold): .moves(to: .held)
        case (.received, .block): .moves(to: .blocked)
        case (.received, .accept): .moves(to: .accepted)
        case (.received, .reject): .moves(to: .rejected)
        // Between the two stands the decision.
        case (.received, .settle), (.received, .cancel): .refused

        case (.held, .hold): .stays
        case (.held, .block): .moves(to: .blocked)
        case (.held, .accept): .moves(to: .accepted)
        case (.held, .reject): .moves(to: .rejected)
        case (.held, .cancel): .moves(to: .cancelled)
        case (.held, .execute), (.held, .settle): .refused

        case (.blocked, .block): .stays
        case (.blocked, .accept): .moves(to: .accepted)
        case (.blocked, .reject): .moves(to: .rejected)
        // What is blocked, nobody takes out of the bank's sight.
        case (.blocked, .execute), (.blocked, .hold), (.blocked, .settle), (.blocked, .cancel): .refused

        case (.accepted, .accept): .stays
        case (.accepted, .settle): .moves(to: .settled)
        // The creditor's bank may say no after we said yes.
        case (.accepted, .reject): .moves(to: .rejected)
        // The money is on its way: it cannot be called back.
        case (.accepted, .execute), (.accepted, .hold), (.accepted, .block), (.accepted, .cancel): .refused

        case (.settled, .settle), (.rejected, .reject), (.cancelled, .cancel): .stays
        case (.settled, _), (.rejected, _), (.cancelled, _): .refused
        }
    }
}

extension PaymentEvent {
    /// Whose doing the event is.
    public func mayComeFrom(_ actor: PaymentActor) -> Bool {
        switch self {
        case .execute, .hold, .settle: actor == .system
        case .block, .accept, .reject: actor == .bank || actor == .system
        case .cancel: actor == .partner || actor == .customer || actor == .bank
        }
    }
}
