import Primitives

/// A reason for doubt. A rule that applies adds its weight to the score.
public enum RiskRule: String, CaseIterable, Sendable {
    /// Five times what ever left the account, on an account with a history to compare with.
    case amountBeyondHistory = "amount_beyond_history"
    case newCreditor = "new_creditor"
    /// Half of what is there and more, to somebody never paid before.
    case muchToNewCreditor = "much_to_new_creditor"
    /// Nearly everything that is there.
    case drainsAccount = "drains_account"
    /// Ten payments within an hour.
    case manyPayments = "many_payments"
    /// Fifty payments within an hour: a program runs wild, or somebody empties the account in pieces.
    case floodOfPayments = "flood_of_payments"
    /// Between midnight and five.
    case atNight = "at_night"

    public var weight: Int {
        switch self {
        case .amountBeyondHistory: 30
        case .newCreditor: 10
        case .muchToNewCreditor: 20
        case .drainsAccount: 15
        case .manyPayments: 35
        case .floodOfPayments: 60
        case .atNight: 10
        }
    }

    public func applies(to inputs: RiskInputs) -> Bool {
        let amount = inputs.amount.minorUnits
        return switch self {
        // By division, so that no amount overflows.
        case .amountBeyondHistory: inputs.countBefore >= 5 && amount / 5 >= inputs.largestBefore
        case .newCreditor: !inputs.knowsCreditor
        case .muchToNewCreditor: !inputs.knowsCreditor && amount >= inputs.available / 2
        case .drainsAccount: amount >= inputs.available - inputs.available / 10
        case .manyPayments: inputs.paymentsLastHour >= 10
        case .floodOfPayments: inputs.paymentsLastHour >= 50
        case .atNight: (0..<5).contains(inputs.hour)
        }
    }

    /// What a person reads.
    public var words: String {
        switch self {
        case .amountBeyondHistory: "The amount is five times the largest that left the account in 90 days."
        case .newCreditor: "The account has never paid this creditor before."
        case .muchToNewCreditor: "Half or more of what is on the account goes to somebody who was never paid before."
        case .drainsAccount: "Nearly everything on the account leaves it."
        case .manyPayments: "Ten payments or more were made from the account within an hour."
        case .floodOfPayments: "Fifty payments or more were made from the account within an hour."
        case .atNight: "It is between midnight and five in the morning."
        }
    }
}
