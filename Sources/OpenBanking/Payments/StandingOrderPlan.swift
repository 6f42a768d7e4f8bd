public import Primitives

/// On which days a standing order pays.
public struct StandingOrderPlan: Hashable, Sendable {
    public let frequency: StandingOrderFrequency
    public let firstDate: CivilDate
    /// The last day on which it may pay; `nil`: until it is cancelled.
    public let lastDate: CivilDate?

    /// - Returns: `nil` when it would end before it begins.
    public init?(frequency: StandingOrderFrequency, firstDate: CivilDate, lastDate: CivilDate?) {
        if let lastDate, lastDate < firstDate { return nil }
        self.frequency = frequency
        self.firstDate = firstDate
        self.lastDate = lastDate
    }

    /// The day of a payment, counted from 0; `nil` after the last. One that begins on the 31st pays on the last day of shorter months.
    public func date(_ index: Int) -> CivilDate? {
        let date =
            switch frequency {
            case .daily: firstDate.adding(days: index)
            case .weekly: firstDate.adding(days: 7 * index)
            case .monthly: firstDate.adding(months: index)
            case .quarterly: firstDate.adding(months: 3 * index)
            case .yearly: firstDate.adding(months: 12 * index)
            }
        guard let lastDate else { return date }
        return date <= lastDate ? date : nil
    }
}

public enum StandingOrderFrequency: String, CaseIterable, Sendable, Codable {
    case daily
    case weekly
    case monthly
    case quarterly
    case yearly
}
