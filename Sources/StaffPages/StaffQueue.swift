import OpenBanking
import Payments
import Primitives
import Storage

/// What waits for the staff: payments, then files, then what waits because a partner's test wants it to; each part the oldest first.
struct StaffQueue {
    enum Entry {
        case payment(Payment)
        case file(BulkPayment)

        /// Where a page that ends with it goes on.
        var cursor: String {
            switch self {
            case .payment(let payment): payment.id.rawValue
            case .file(let bulk): bulk.id.rawValue
            }
        }
    }

    /// The parts in their order, each behind the place from which it is read.
    private enum Part {
        case payments(after: PaymentID?)
        case files(after: BulkPaymentID?)
        case scenarios(after: PaymentID?)
    }

    /// - Parameter cursor: the last entry of the page before; one that is none begins at the front.
    func entries(after cursor: String?, limit: Int, in tx: any ReadTransaction) throws -> [Entry] {
        var found: [Entry] = []
        for part in try parts(after: cursor, in: tx) where found.count < limit {
            let rest = limit - found.count
            switch part {
            case .payments(let id): found += try PaymentRecords().waitingForStaff(isScenario: false, after: id, limit: rest, in: tx).map(Entry.payment)
            case .files(let id): found += try BulkPaymentRecords().waitingForStaff(after: id, limit: rest, in: tx).map(Entry.file)
            case .scenarios(let id): found += try PaymentRecords().waitingForStaff(isScenario: true, after: id, limit: rest, in: tx).map(Entry.payment)
            }
        }
        return found
    }

    private func parts(after cursor: String?, in tx: any ReadTransaction) throws -> [Part] {
        if let id = cursor.flatMap({ BulkPaymentID($0) }) { return [.files(after: id), .scenarios(after: nil)] }
        guard let id = cursor.flatMap({ PaymentID($0) }), let last = try PaymentRecords().find(id, in: tx) else {
            return [.payments(after: nil), .files(after: nil), .scenarios(after: nil)]
        }
        return last.scenario == nil ? [.payments(after: id), .files(after: nil), .scenarios(after: nil)] : [.scenarios(after: id)]
    }
}
