public import OpenBanking
public import Primitives
public import Storage

extension PaymentFileFormat: SQLBindable, SQLReadable {}

/// A file of payments that an app sent for a customer, under a consent that was for this file only.
public struct BulkPayment: Hashable, Sendable {
    public let id: BulkPaymentID
    public let appID: AppID
    public let organisationID: OrganisationID
    public let consentID: ConsentID
    public let format: PaymentFileFormat
    /// SHA-256 of the file.
    public let digest: Digest
    /// What its sender calls it.
    public let reference: String?
    public let count: Int
    public let total: Money
    public let createdAt: Timestamp
    /// `nil` until its consent is used up.
    public var execution: BulkExecution?
}

/// How a bulk payment is carried out.
public struct BulkExecution: Hashable, Sendable {
    public let personID: PersonID
    /// The world of the accounts.
    public let world: OrganisationID
    public let debtorAccount: AccountID
    /// What is set aside for it on the debtor's account.
    public let holdID: TransactionID
    public var status: PaymentStatus
    public var reason: PaymentReason
    public let receivedAt: Timestamp
    public var changedAt: Timestamp
    /// When an accepted one is to be settled.
    public var settlesAt: Timestamp
    /// The key of the request that began it.
    public let idempotencyKey: String?
    /// How many of its payments were booked, and their sum; `nil` before it is settled.
    public var paid: Paid?

    public struct Paid: Hashable, Sendable {
        public let count: Int
        public let total: Money
    }
}

/// One payment of the file, with what became of it.
public struct BulkPaymentLine: Hashable, Sendable {
    /// Its place among the payments of the file, from 1.
    public let number: Int
    public let line: PaymentFileLine
    /// Why it alone was not made; otherwise it goes as the whole does.
    public let refusedBecause: PaymentReason?

    public var instruction: PaymentInstruction { line.instruction }
}

/// A file as an app uploads it, after every rule of its format.
public struct NewBulkPayment: Sendable {
    public let appID: AppID
    public let organisationID: OrganisationID
    public let format: PaymentFileFormat
    public let digest: Digest
    public let file: PaymentFile
    public let requestID: RequestID?

    public init(
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
public struct NewBulkExecution: Hashable, Sendable {
    public let bulkPaymentID: BulkPaymentID
    public let appID: AppID
    public let personID: PersonID
    public let consentID: ConsentID
    public let idempotencyKey: String?
    public let requestID: RequestID?

    public init(
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
    public var asPayment: PaymentID { PaymentID(trusted: rawValue) }
}
