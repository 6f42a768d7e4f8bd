/// Where a bulk payment stands: as its consent does until that is used up, and then as a payment does.
public enum BulkPaymentStatus: Hashable, Sendable {
    /// Its customer decides, or has decided.
    case consent(ConsentStatus)
    case payment(PaymentStatus)

    public init(_ payment: PaymentStatus?, consent: ConsentStatus) {
        self = payment.map { .payment($0) } ?? .consent(consent)
    }

    public var rawValue: String {
        switch self {
        case .consent(let status): status.rawValue
        case .payment(let status): status.rawValue
        }
    }

    /// In ISO 20022 (`ExternalPaymentGroupStatus1Code`): a file was checked (ACTC), and its customer accepted it (ACCP), before it is any payment.
    /// - Parameter isPartial: whether some payments of a settled file were rejected.
    public func iso20022(isPartial: Bool = false) -> String {
        switch self {
        case .consent(.awaitingAuthorisation): "ACTC"
        case .consent(.authorised), .consent(.consumed): "ACCP"
        case .consent(.suspended): "PDNG"
        case .consent(.rejected), .consent(.revoked), .consent(.expired): "RJCT"
        case .payment(.settled) where isPartial: "PART"
        case .payment(let status): status.iso20022
        }
    }
}
