/// Where a payment stands, in our words and in those of ISO 20022 (`ExternalPaymentTransactionStatus1Code`).
public enum PaymentStatus: String, CaseIterable, Sendable, Codable {
    /// ACTC: it was taken for a later day, and nothing is set aside for it yet.
    case scheduled
    /// RCVD: it was taken, its amount is set aside, and its risk is being decided.
    case received
    /// PDNG: a member of the bank's staff will decide.
    case held
    /// BLCK: stopped, and only a member of the bank's staff can let it go on.
    case blocked
    /// ACSP: it will be settled.
    case accepted
    /// ACSC: booked on the debtor's account.
    case settled
    /// RJCT: it will not be made, and nothing is set aside for it any more.
    case rejected
    /// CANC: it will not be made, because who ordered or who pays it changed their mind.
    case cancelled

    public var iso20022: String {
        switch self {
        case .scheduled: "ACTC"
        case .received: "RCVD"
        case .held: "PDNG"
        case .blocked: "BLCK"
        case .accepted: "ACSP"
        case .settled: "ACSC"
        case .rejected: "RJCT"
        case .cancelled: "CANC"
        }
    }

    /// Nothing leads out of it.
    public var isFinal: Bool { self == .settled || self == .rejected || self == .cancelled }
}

/// Who moved a payment.
public enum PaymentActor: String, CaseIterable, Sendable, Codable {
    case partner
    case customer
    /// A member of its staff.
    case bank
    case system
}

/// What may happen to a payment.
public enum PaymentEvent: String, CaseIterable, Sendable, Codable {
    /// Its day has come.
    case execute
    case hold
    case block
    case accept
    case settle
    case reject
    case cancel
}

/// What an event does to a payment.
public enum PaymentTransition: Hashable, Sendable {
    case moves(to: PaymentStatus)
    /// It has already happened; repeating it is harmless.
    case stays
    case refused
}
