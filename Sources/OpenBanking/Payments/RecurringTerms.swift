public import Primitives

/// The bounds of a recurring payment consent (variable recurring payments, OBIE Read/Write v4): whom it may pay, how much at once, and how much in a time.
public struct RecurringTerms: Hashable, Sendable {
    /// `nil`: only other accounts of the same customer.
    public let creditor: Creditor?
    /// The most that one payment may be.
    public let maximum: Money
    public let limits: [PeriodicLimit]
    /// The first payment comes not before this.
    public let validFrom: Timestamp?

    /// - Throws: every rule that the values break, each with the member it is about.
    public init(
        creditor: Creditor?, maximum: Money, limits: [PeriodicLimit], validFrom: Timestamp?, expiresAt: Timestamp
    ) throws(RecurringTermsRefusal) {
        var faults: [RecurringTermsRefusal.Fault] = []
        for (index, limit) in limits.enumerated() {
            if limit.amount.currency != maximum.currency {
                faults.append(
                    .init("limits/\(index)/amount/currency", "currency", maximum.currency.rawValue, limit.amount.currency.rawValue))
            }
            if limit.period == .fortnight, limit.alignment == .calendar {
                faults.append(.init("limits/\(index)/alignment", "alignment", "consent: the calendar knows no fortnights", limit.alignment.rawValue))
            }
            if limits[..<index].contains(where: { $0.period == limit.period && $0.alignment == limit.alignment }) {
                faults.append(.init("limits/\(index)", "limit.once", "each period and alignment once", "\(limit.period.rawValue) again"))
            }
        }
        if let validFrom, validFrom >= expiresAt {
            faults.append(.init("valid_from", "term", "before expires_at", validFrom.rfc3339))
        }
        guard faults.isEmpty else { throw RecurringTermsRefusal(faults: faults) }
        self.init(stored: creditor, maximum: maximum, limits: limits, validFrom: validFrom)
    }

    /// Values that passed the rules before and were kept.
    public init(stored creditor: Creditor?, maximum: Money, limits: [PeriodicLimit], validFrom: Timestamp?) {
        self.creditor = creditor
        self.maximum = maximum
        self.limits = limits
        self.validFrom = validFrom
    }
}

/// Why recurring terms cannot be taken: each fault names its member.
public struct RecurringTermsRefusal: Error, Hashable, Sendable {
    public struct Fault: Hashable, Sendable {
        public let member: String
        public let rule: String
        public let expected: String
        public let got: String

        init(_ member: String, _ rule: String, _ expected: String, _ got: String) {
            self.member = member
            self.rule = rule
            self.expected = expected
            self.got = got
        }
    }

    public let faults: [Fault]
}
