/// Why a payment has its status; where ISO 20022 has a code for it, with that code (`ExternalStatusReason1Code`).
public enum PaymentReason: String, CaseIterable, Sendable, Codable {
    case submitted
    /// It waits for its day.
    case scheduled
    /// The day that it was ordered for has come.
    case dayCame = "day_came"
    /// The bank accepted what the risk decision allowed.
    case checksPassed = "checks_passed"
    case booked
    /// The risk decision asks for a look by a person.
    case underReview = "under_review"
    /// Nobody knows how far its decision had come: the program stopped between its receipt and its decision.
    case interrupted
    case blockedByRisk = "blocked_by_risk"
    case declinedByRisk = "declined_by_risk"
    case releasedByBank = "released_by_bank"
    case rejectedByBank = "rejected_by_bank"
    case insufficientFunds = "insufficient_funds"
    case accountClosed = "account_closed"
    case accountBlocked = "account_blocked"
    /// The creditor's bank sent it back.
    case creditorRefused = "creditor_refused"
    case cancelledByPartner = "cancelled_by_partner"
    case cancelledByCustomer = "cancelled_by_customer"
    /// The bank brought its records back from a backup and cannot know what became of it since.
    case restored = "restored_from_backup"

    public var iso20022: String? {
        switch self {
        case .insufficientFunds: "AM04"
        case .accountClosed: "AC04"
        case .accountBlocked: "AC06"
        case .creditorRefused: "AC03"
        case .declinedByRisk, .blockedByRisk: "FRAD"
        case .rejectedByBank: "MS03"
        case .cancelledByPartner, .cancelledByCustomer: "CUST"
        case .submitted, .scheduled, .dayCame, .restored, .checksPassed, .booked, .underReview, .interrupted, .releasedByBank: nil
        }
    }
}
