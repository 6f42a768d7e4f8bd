public import Primitives

/// All payments of one file: its digest says which, so that number, sum and every creditor are what the customer approved (EBA Q&A 2018_4435).
public struct BulkOrder: Hashable, Sendable {
    public let id: BulkPaymentID
    public let count: Int
    public let total: Money
    /// SHA-256 of the file.
    public let digest: Digest
    /// The account that the file names to pay from, by its number.
    public let debtorNumber: String?

    public init(id: BulkPaymentID, count: Int, total: Money, digest: Digest, debtorNumber: String?) {
        self.id = id
        self.count = count
        self.total = total
        self.digest = digest
        self.debtorNumber = debtorNumber
    }
}
