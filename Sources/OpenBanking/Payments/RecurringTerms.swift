package import Primitives

/// The bounds of a recurring payment consent (variable recurring payments, OBIE Read/Write v4): whom it may pay, how much at once, and how much in a time.
package struct RecurringTerms: Hashable, Sendable {
    /// `nil`: only other accounts of the same customer.
    package let creditor: Creditor?
    /// The most that one payment may be.
    package let maximum: Money
    package let limits: [PeriodicLimit]
    /// The first payment comes not before this.
    package let validFrom: Timestamp?

    /// - Throws: every rule that the values break, each with the member it is about.
    package init(
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
    package init(stored creditor: Creditor?, maximum: Money, limits: [PeriodicLimit], validFrom: Timestamp?) {
        self.creditor = creditor
        self.maximum = maximum
        self.limits = limits
        self.validFrom = validFrom
    }
}

/// Why recurring terms cannot be taken: each fault names its member.
package struct RecurringTermsRefusal: Error, Hashable, Sendable {
    package struct Fault: Hashable, Sendable {
        package let member: String
        package let rule: String
        package let expected: String
        package let got: String

        init(_ member: String, _ rule: String, _ expected: String, _ got: String) {
            self.member = member
            self.rule = rule
            self.expected = expected
            self.got = got
        }
    }

    package let faults: [Fault]
}
