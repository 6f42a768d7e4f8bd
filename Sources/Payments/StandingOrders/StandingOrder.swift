package import OpenBanking
package import Primitives
package import Storage

/// Where a standing order stands.
package enum StandingOrderStatus: String, CaseIterable, Sendable, Codable, SQLBindable, SQLReadable {
    case active
    /// Its last payment was made.
    case completed
    case cancelled
}

extension StandingOrderFrequency: SQLBindable, SQLReadable {}

/// The same payment again and again: each on its day, with a life of its own.
package struct StandingOrder: Hashable, Sendable {
    package let id: StandingOrderID
    package let appID: AppID
    package let organisationID: OrganisationID
    package let consentID: ConsentID
    package let personID: PersonID
    /// The world of the accounts.
    package let world: OrganisationID
    package let debtorAccount: AccountID
    package let instruction: PaymentInstruction
    package let plan: StandingOrderPlan
    package var status: StandingOrderStatus
    /// How many payments it has made, those among them that were rejected.
    package var made: Int
    package let createdAt: Timestamp
    package var endedAt: Timestamp?
    package var endedBy: PaymentActor?
    /// The key of the request that made it.
    package let idempotencyKey: String?

    /// The day of its next payment; `nil` when it makes none any more.
    package var nextDate: CivilDate? { status == .active ? plan.date(made) : nil }
    var dueAt: Timestamp? { nextDate.map(BankCalendar.start(of:)) }
}

/// A standing order as an app sends it. The gateway has checked the token, and that the consent behind it is in force.
package struct NewStandingOrder: Hashable, Sendable {
    package let appID: AppID
    package let personID: PersonID
    package let consentID: ConsentID
    package let instruction: PaymentInstruction
    package let plan: StandingOrderPlan
    package let idempotencyKey: String?
    package let requestID: RequestID?

    package init(
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
