package import Bank
package import OpenBanking
package import Primitives
import Storage

extension PaymentStatus: SQLBindable, SQLReadable {}
extension PaymentActor: SQLBindable, SQLReadable {}
extension PaymentReason: SQLBindable, SQLReadable {}

/// A payment that an app made for a customer, under a consent that was for this payment only.
package struct Payment: Hashable, Sendable {
    package let id: PaymentID
    package let appID: AppID
    package let organisationID: OrganisationID
    package let consentID: ConsentID
    package let personID: PersonID
    /// The world of the accounts.
    package let world: OrganisationID
    package let debtorAccount: AccountID
    package let instruction: PaymentInstruction
    /// What is set aside for it on the debtor's account.
    package let holdID: TransactionID
    package var status: PaymentStatus
    package var reason: PaymentReason
    package let createdAt: Timestamp
    package var changedAt: Timestamp
    /// When an accepted payment is to be settled.
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
    package let instruction: PaymentInstruction
    package let idempotencyKey: String?
    package let requestID: RequestID?
    package let scenario: PaymentScenario?

    package init(
        appID: AppID, organisationID: OrganisationID, personID: PersonID, consentID: ConsentID, instruction: PaymentInstruction,
        idempotencyKey: String? = nil, requestID: RequestID? = nil, scenario: PaymentScenario? = nil
    ) {
        self.appID = appID
        self.organisationID = organisationID
        self.personID = personID
        self.consentID = consentID
        self.instruction = instruction
        self.idempotencyKey = idempotencyKey
        self.requestID = requestID
        self.scenario = scenario
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
    case paysItself
    case creditorAccountClosed
    /// More than the customer may pay through apps.
    case limitExceeded
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
