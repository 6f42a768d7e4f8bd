package import OpenBanking
package import Primitives
import Storage

extension PaymentFileFormat: SQLBindable, SQLReadable {}

/// A file of payments that an app sent for a customer, under a consent that was for this file only.
package struct BulkPayment: Hashable, Sendable {
    package let id: BulkPaymentID
    package let appID: AppID
    package let organisationID: OrganisationID
    package let consentID: ConsentID
    package let format: PaymentFileFormat
    /// SHA-256 of the file.
    package let digest: Digest
    /// What its sender calls it.
    package let reference: String?
    package let count: Int
    package let total: Money
    package let createdAt: Timestamp
    /// `nil` until its consent is used up.
    package var execution: BulkExecution?
}

/// How a bulk payment is carried out.
package struct BulkExecution: Hashable, Sendable {
    package let personID: PersonID
    /// The world of the accounts.
    package let world: OrganisationID
    package let debtorAccount: AccountID
    /// What is set aside for it on the debtor's account.
    package let holdID: TransactionID
    package var status: PaymentStatus
    package var reason: PaymentReason
    package let receivedAt: Timestamp
    package var changedAt: Timestamp
    /// When an accepted one is to be settled.
    package var settlesAt: Timestamp
    /// The key of the request that began it.
    package let idempotencyKey: String?
    /// How many of its payments were booked, and their sum; `nil` before it is settled.
    package var paid: Paid?

    package struct Paid: Hashable, Sendable {
        package let count: Int
        package let total: Money
    }
}

/// One payment of the file, with what became of it.
package struct BulkPaymentLine: Hashable, Sendable {
    /// Its place among the payments of the file, from 1.
    package let number: Int
    package let line: PaymentFileLine
    /// Why it alone was not made; otherwise it goes as the whole does.
    package let refusedBecause: PaymentReason?

    package var instruction: PaymentInstruction { line.instruction }
}

/// A file as an app uploads it, after every rule of its format.
package struct NewBulkPayment: Sendable {
    package let appID: AppID
    package let organisationID: OrganisationID
    package let format: PaymentFileFormat
    package let digest: Digest
    package let file: PaymentFile
    package let requestID: RequestID?

    package init(
        appID: AppID, organisationID: OrganisationID, format: PaymentFileFormat, digest: Digest, file: PaymentFile, requestID: RequestID? = nil
    ) {
        self.appID = appID
        self.organisationID = organisationID
        self.format = format
        self.digest = digest
        self.file = file
        self.requestID = requestID
    }
}

/// An app's order to carry out a file that its customer approved. The gateway has checked the token, and that the consent behind it is in force.
package struct NewBulkExecution: Hashable, Sendable {
    package let bulkPaymentID: BulkPaymentID
    package let appID: AppID
    package let personID: PersonID
    package let consentID: ConsentID
    package let idempotencyKey: String?
    package let requestID: RequestID?

    package init(
        of bulkPaymentID: BulkPaymentID, appID: AppID, personID: PersonID, consentID: ConsentID, idempotencyKey: String? = nil,
        requestID: RequestID? = nil
    ) {
        self.bulkPaymentID = bulkPaymentID
        self.appID = appID
        self.personID = personID
        self.consentID = consentID
        self.idempotencyKey = idempotencyKey
        self.requestID = requestID
    }
}

extension BulkPaymentID {
    /// As a bulk payment's hold, entry, timeline and risk decision name it: it is paid as one payment.
    package var asPayment: PaymentID { PaymentID(trusted: rawValue) }
}
