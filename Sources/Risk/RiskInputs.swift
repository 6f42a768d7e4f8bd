public import Primitives

/// What is known about a payment when its risk is decided: everything that a rule may look at, so that a decision can be made again from it.
public struct RiskInputs: Hashable, Sendable {
    public var amount: Money
    /// What could be spent before this payment, in minor units of its currency.
    public var available: Int64
    /// Whether the account paid this creditor before.
    public var knowsCreditor: Bool
    /// The largest amount that left the account in the 90 days before, in minor units.
    public var largestBefore: Int64
    /// How many amounts left the account in these 90 days.
    public var countBefore: Int
    /// How many payments apps made from the account in the hour before.
    public var paymentsLastHour: Int
    /// The hour in Nairobi, 0 to 23.
    public var hour: Int

    public init(
        amount: Money, available: Int64, knowsCreditor: Bool, largestBefore: Int64, countBefore: Int, paymentsLastHour: Int, hour: Int
    ) {
        self.amount = amount
        self.available = available
        self.knowsCreditor = knowsCreditor
        self.largestBefore = largestBefore
        self.countBefore = countBefore
        self.paymentsLastHour = paymentsLastHour
        self.hour = hour
    }

    /// By their names, as a decision keeps them.
    public var named: [(String, String)] {
        [
            ("amount", amount.decimal), ("currency", amount.currency.rawValue), ("available", Money(minorUnits: available, currency: amount.currency).decimal),
            ("knows_creditor", "\(knowsCreditor)"), ("largest_before", Money(minorUnits: largestBefore, currency: amount.currency).decimal),
            ("count_before", "\(countBefore)"), ("payments_last_hour", "\(paymentsLastHour)"), ("hour", "\(hour)"),
        ]
    }
}
