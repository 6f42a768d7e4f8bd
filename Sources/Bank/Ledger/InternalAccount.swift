public import Primitives
internal import Storage

/// The bank's own accounts, one of each kind for each currency of a world: what stands opposite the customers' postings.
///
/// Their balances are summed when somebody asks: keeping them in a row would make every payment of a world wait for that row.
public enum InternalAccount: String, Sendable, CaseIterable {
    /// Money on its way to and from other banks, mobile money and card schemes.
    case clearing
    /// Tills and cash machines.
    case cash
    case fees
    case interest
    /// What the bank holds of each currency after exchanges.
    case exchange

    public func id(_ currency: Currency, in world: OrganisationID) -> AccountID {
        AccountID(trusted: AccountID.prefix + DerivedIDs.text("\(world)/internal/\(rawValue)/\(currency.rawValue)"))
    }

    var name: String {
        switch self {
        case .clearing: "Clearing with other banks"
        case .cash: "Cash"
        case .fees: "Fees"
        case .interest: "Interest"
        case .exchange: "Currency exchange"
        }
    }
}
