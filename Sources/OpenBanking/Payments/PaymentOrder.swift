public import Primitives

/// What a customer lets an app do with their money: the customer approves exactly this.
public enum PaymentOrder: Hashable, Sendable {
    /// One payment, at once or on a later day.
    case single(PaymentInstruction, executionDate: CivilDate?)
    /// Any number of payments within limits, until the consent ends.
    case recurring(RecurringTerms)
    /// The same payment again and again, by a plan.
    case standing(PaymentInstruction, StandingOrderPlan)
    /// All payments of a file, at once.
    case bulk(BulkOrder)

    public var currency: Currency {
        switch self {
        case .single(let instruction, _), .standing(let instruction, _): instruction.amount.currency
        case .recurring(let terms): terms.maximum.currency
        case .bulk(let bulk): bulk.total.currency
        }
    }

    /// Who is paid, where that is settled.
    public var creditor: Creditor? {
        switch self {
        case .single(let instruction, _), .standing(let instruction, _): instruction.creditor
        case .recurring(let terms): terms.creditor
        case .bulk: nil
        }
    }
}
