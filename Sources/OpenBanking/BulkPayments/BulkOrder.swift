package import Primitives

/// All payments of one file: its digest says which, so that number, sum and every creditor are what the customer approved (EBA Q&A 2018_4435).
package struct BulkOrder: Hashable, Sendable {
    package let id: BulkPaymentID
    package let count: Int
    package let total: Money
    /// SHA-256 of the file.
    package let digest: Digest
    /// The account that the file names to pay from, by its number.
    package let debtorNumber: String?

    package init(id: BulkPaymentID, count: Int, total: Money, digest: Digest, debtorNumber: String?) {
        self.id = id
        self.count = count
        self.total = total
        self.digest = digest
        self.debtorNumber = debtorNumber
    }
}
