extension PaymentStatus {
    /// The transition table, total over every status, event and actor.
    package func transition(on event: PaymentEvent, by actor: PaymentActor) -> PaymentTransition {
        // What was stopped for a look, the program cannot let go on by itself.
        if self == .held || self == .blocked, event == .accept || event == .reject, actor != .bank { return .refused }
        guard event.mayComeFrom(actor) else { return .refused }
        return transition(on: event)
    }

    /// The table without its actors: each status, each event.
    package func transition(on event: PaymentEvent) -> PaymentTransition {
        switch (self, event) {
        case (.received, .hold): .moves(to: .held)
        case (.received, .block): .moves(to: .blocked)
        case (.received, .accept): .moves(to: .accepted)
        case (.received, .reject): .moves(to: .rejected)
        // Between the two stands the decision.
        case (.received, .settle): .refused

        case (.held, .hold): .stays
        case (.held, .block): .moves(to: .blocked)
        case (.held, .accept): .moves(to: .accepted)
        case (.held, .reject): .moves(to: .rejected)
        case (.held, .settle): .refused

        case (.blocked, .block): .stays
        case (.blocked, .accept): .moves(to: .accepted)
        case (.blocked, .reject): .moves(to: .rejected)
        case (.blocked, .hold), (.blocked, .settle): .refused

        case (.accepted, .accept): .stays
        case (.accepted, .settle): .moves(to: .settled)
        // The creditor's bank may say no after we said yes.
        case (.accepted, .reject): .moves(to: .rejected)
        case (.accepted, .hold), (.accepted, .block): .refused

        case (.settled, .settle), (.rejected, .reject): .stays
        case (.settled, _), (.rejected, _): .refused
        }
    }
}

extension PaymentEvent {
    /// Whose doing the event is.
    package func mayComeFrom(_ actor: PaymentActor) -> Bool {
        switch self {
        case .hold, .settle: actor == .system
        case .block, .accept, .reject: actor != .partner
        }
    }
}
