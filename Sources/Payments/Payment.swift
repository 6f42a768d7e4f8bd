package import Bank
package import Consents
package import OpenBanking
package import Primitives
import Storage

extension PaymentStatus: SQLBindable, SQLReadable {}
extension PaymentActor: SQLBindable, SQLReadable {}
extension PaymentReason: SQLBindable, SQLReadable {}

/// What made a payment.
package enum PaymentKind: String, CaseIterable, Sendable, Codable, SQLBindable, SQLReadable {
    /// An app, under a consent for it alone.
    case payment
    /// An app, under a consent with limits.
    case transfer
    /// The plan of a standing order.
    case standingOrder = "standing_order"
}

/// A payment that was made for a customer under a consent of theirs.
package struct Payment: Hashable, Sendable {
    package let id: PaymentID
    package let kind: PaymentKind
    package let appID: AppID
    package let organisationID: OrganisationID
    package let consentID: ConsentID
    package let personID: PersonID
    /// The world of the accounts.
    package let world: OrganisationID
    package let debtorAccount: AccountID
    package let instruction: PaymentInstruction
    /// The day that it was ordered for; `nil`: it was to be made at once.
    package let executionDate: CivilDate?
    package let standingOrderID: StandingOrderID?
    /// What is set aside for it on the debtor's account, once it is received.
    package let holdID: TransactionID
    package var status: PaymentStatus
    package var reason: PaymentReason
    package let createdAt: Timestamp
    package var changedAt: Timestamp
    /// When its next step is due: the execution of one that is scheduled, the settlement of one that is accepted.
    package var settlesAt: Timestamp
    /// The key of the request that made it.
    package let idempotencyKey: String?
    /// How it is to turn out, in the sandbox.
    package let scenario: PaymentScenario?
}

/// A payment as an app sends it. The gateway has checked the token, and that the consent behind it is in force.
package struct NewPayment: Hashable, Sendable {
    package let appID: AppID
    package let organisationID: OrganisationID
    package let personID: PersonID
    package let consentID: ConsentID
    package let kind: PaymentKind
    package let instruction: PaymentInstruction
    package let executionDate: CivilDate?
    package let idempotencyKey: String?
    package let requestID: RequestID?
    package let scenario: PaymentScenario?

    package init(
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
package struct PaymentStep: Hashable, Sendable {
    package let status: PaymentStatus
    package let actor: PaymentActor
    package let reason: PaymentReason
    package let at: Timestamp
}

/// Why a payment is not taken. Nothing of it is kept: the consent stays as it was.
package enum PaymentRefusal: Error, Hashable, Sendable {
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

    package struct Difference: Hashable, Sendable {
        package let member: PaymentInstructionRefusal.Member
        package let approved: String
        package let sent: String

        package init(member: PaymentInstructionRefusal.Member, approved: String, sent: String) {
            self.member = member
            self.approved = approved
            self.sent = sent
        }
    }
}
