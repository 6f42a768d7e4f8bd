import OpenBanking

/// A status as the documentation prints it: from the table that the program itself goes by.
struct StatusRow: Encodable {
    struct Move: Encodable {
        let event, status, actors: String
    }

    let name: String
    /// In ISO 20022, where it has one.
    let code: String?
    let moves: [Move]
    let isFinal: Bool

    init(_ status: PaymentStatus) {
        self.init(
            name: status.rawValue, code: status.iso20022,
            moves: PaymentEvent.allCases.compactMap { event in
                let actors = PaymentActor.allCases.filter { if case .moves = status.transition(on: event, by: $0) { true } else { false } }
                guard case .moves(let next) = status.transition(on: event) else { return nil }
                return Move(event: event.rawValue, status: next.rawValue, actors: actors.map(\.rawValue).joined(separator: ", "))
            }, isFinal: status.isFinal)
    }

    init(_ status: ConsentStatus) {
        self.init(
            name: status.rawValue, code: nil,
            moves: ConsentEvent.allCases.compactMap { event in
                let actors = ConsentActor.allCases.filter { if case .moves = status.transition(on: event, by: $0) { true } else { false } }
                guard case .moves(let next) = status.transition(on: event) else { return nil }
                return Move(event: event.rawValue, status: next.rawValue, actors: actors.map(\.rawValue).joined(separator: ", "))
            }, isFinal: status.isFinal)
    }

    private init(name: String, code: String?, moves: [Move], isFinal: Bool) {
        self.name = name
        self.code = code
        self.moves = moves
        self.isFinal = isFinal
    }
}

/// A reason that ISO 20022 has a code for.
struct ReasonRow: Encodable {
    let name, code: String
}
