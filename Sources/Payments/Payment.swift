public import Bank
public import Consents
public import OpenBanking
public import Primitives
public import Storage

extension PaymentStatus: SQLBindable, SQLReadable {}
extension PaymentActor: SQLBindable, SQLReadable {}
extension PaymentReason: SQLBindable, SQLReadable {}

/// What made a payment.
public enum PaymentKind: String, CaseIterable, Sendable, Codable, SQLBindable, SQLReadable {
    /// An app, under a consent for it alone.
    case payment
    /// An app, under a consent with limits.
    case transfer
    /// The plan of a standing order.
    case standingOrder = "standing_order"
}

/// A payment that was made for a customer under a consent of theirs.
public struct Payment: Hashable, Sendable {
    public let id: PaymentID
    public let kind: PaymentKind
    public let appID: AppID
    public let organisationID: OrganisationID
    public let consentID: ConsentID
    public let personID: PersonID
    /// The world of the accounts.
    public let world: OrganisationID
    public let debtorAccount: AccountID
    public let instruction: PaymentInstruction
    /// The day that it was ordered for; `nil`: it was to be made at once.
    public let executionDate: CivilDate?
    public let standingOrderID: StandingOrderID?
    /// What is set aside for it on the debtor's account, once it is received.
    public let holdID: TransactionID
    public var status: PaymentStatus
    public var reason: PaymentReason
    public let createdAt: Timestamp
    public var changedAt: Timestamp
    /// When its next step is due: the execution of one that is scheduled, the settlement of one that is accepted.
    public var settlesAt: Timestamp
    /// The key of the request that made it.
    public let idempotencyKey: String?
    /// How it is to turn out, in the sandbox.
    public let scenario: PaymentScenario?
}

/// A payment as an app sends it. The gateway has checked the token, and that the consent behind it is in force.
public struct NewPayment: Hashable, Sendable {
    public let appID: AppID
    public let organisationID: OrganisationID
    public let personID: PersonID
    public let consentID: ConsentID
    public let kind: PaymentKind
    public let instruction: PaymentInstruction
    public let executionDate: CivilDate?
    public let idempotencyKey: String?
    public let requestID: RequestID?
    public let scenario: PaymentScenario?

    public init(
        appID: AppID, organisationID: OrganisationID, personID: PersonID, consentID: ConsentID, kind: PaymentKind = .payment,
        instruction: PaymentInstruction, executionDate: CivilDate? = nil, idempotencyKey: String? = nil, requestID: RequestID? = nil,
        scenario: PaymentScenario? = nil
    ) {
        self.scenario = scenario
        self.kind = kind
        self.executionDate = executionDate
        self.appID = appID
        self.organisationID = organisationID
        self.personID = personID
        self.consentID = consentID
        self.instruction = instruction
        self.idempotencyKey = idempotencyKey
        self.requestID = requestID
    }
}

/// One line of a payment's timeline.
public struct PaymentStep: Hashable, Sendable {
    public let status: PaymentStatus
    public let actor: PaymentActor
    public let reason: PaymentReason
    public let at: Timestamp
}

/// Why a payment is not taken. Nothing of it is kept: the consent stays as it was.
public enum PaymentRefusal: Error, Hashable, Sendable {
    /// The app has no such payment consent of this customer.
    case unknownConsent
    /// The consent does not stand at `authorised`.
    case consentState(ConsentStatus)
    /// The payment is not the one that the customer approved.
    case differs([Difference])
    /// The request's key came before, with another payment.
    case keyReused
    /// The consent is for another kind of payment.
    case consentType(ConsentType)
    case notYetValid(from: Timestamp)
    /// It is ordered after the day that the customer approved.
    case dayIsOver(PaymentInstructionRefusal.Member, CivilDate, today: CivilDate)
    /// It is more than one payment may be.
    case aboveMaximum(Money)
    /// It is more than is left of a limit, until its period ends.
    case aboveLimit(PeriodicLimit, left: Money, until: Timestamp)
    /// The customer holds no such account.
    case notTheirAccount
    case paysItself
    case creditorAccountClosed
    /// The creditor's account at this bank is kept in another currency.
    case creditorAccountCurrency
    /// - Parameter available: what could be spent.
    case insufficientFunds(available: Money)
    case debtorAccountBlocked(AccountStatus)

    public struct Difference: Hashable, Sendable {
        public let member: PaymentInstructionRefusal.Member
        public let approved: String
        public let sent: String

        public init(member: PaymentInstructionRefusal.Member, approved: String, sent: String) {
            self.member = member
            self.approved = approved
            self.sent = sent
        }
    }
}
