public import OpenBanking
public import Primitives
public import Storage

/// Where a standing order stands.
public enum StandingOrderStatus: String, CaseIterable, Sendable, Codable, SQLBindable, SQLReadable {
    case active
    /// Its last payment was made.
    case completed
    case cancelled
}

extension StandingOrderFrequency: SQLBindable, SQLReadable {}

/// The same payment again and again: each on its day, with a life of its own.
public struct StandingOrder: Hashable, Sendable {
    public let id: StandingOrderID
    public let appID: AppID
    public let organisationID: OrganisationID
    public let consentID: ConsentID
    public let personID: PersonID
    /// The world of the accounts.
    public let world: OrganisationID
    public let debtorAccount: AccountID
    public let instruction: PaymentInstruction
    public let plan: StandingOrderPlan
    public var status: StandingOrderStatus
    /// How many payments it has made, those among them that were rejected.
    public var made: Int
    public let createdAt: Timestamp
    public var endedAt: Timestamp?
    public var endedBy: PaymentActor?
    /// The key of the request that made it.
    public let idempotencyKey: String?

    /// The day of its next payment; `nil` when it makes none any more.
    public var nextDate: CivilDate? { status == .active ? plan.date(made) : nil }
    var dueAt: Timestamp? { nextDate.map(BankCalendar.start(of:)) }
}

/// A standing order as an app sends it. The gateway has checked the token, and that the consent behind it is in force.
public struct NewStandingOrder: Hashable, Sendable {
    public let appID: AppID
    public let personID: PersonID
    public let consentID: ConsentID
    public let instruction: PaymentInstruction
    public let plan: StandingOrderPlan
    public let idempotencyKey: String?
    public let requestID: RequestID?

    public init(
        appID: AppID, personID: PersonID, consentID: ConsentID, instruction: PaymentInstruction, plan: StandingOrderPlan, idempotencyKey: String? = nil,
        requestID: RequestID? = nil
    ) {
        self.appID = appID
        self.personID = personID
        self.consentID = consentID
        self.instruction = instruction
        self.plan = plan
        self.idempotencyKey = idempotencyKey
        self.requestID = requestID
    }
}
