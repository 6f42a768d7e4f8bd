internal import Payments
internal import Primitives
internal import Storage

extension PaymentsPage {
    static let pageSize = 30

    /// The last entry of the page before: its prefix tells which of the lists goes on.
    enum Place {
        case payment(PaymentID)
        case bulk(BulkPaymentID)
        case order(StandingOrderID)

        /// - Returns: `nil` for what is no place: the first page is shown then.
        init?(_ text: String) {
            if let id = PaymentID(text) {
                self = .payment(id)
            } else if let id = BulkPaymentID(text) {
                self = .bulk(id)
            } else if let id = StandingOrderID(text) {
                self = .order(id)
            } else {
                return nil
            }
        }

        var heading: String {
            switch self {
            case .payment: "Older payments"
            case .bulk: "Older files of payments"
            case .order: "Older standing orders"
            }
        }
    }

    /// What a page shows: the first one everything that can still be cancelled, and the newest of the rest; each behind it goes on with one list of that.
    /// Of the rest one entry more is read than a page shows.
    struct Lists: Sendable {
        private(set) var open: [Payment] = []
        private(set) var openBulks: [BulkPayment] = []
        private(set) var orders: [StandingOrder] = []
        private(set) var payments: [Payment] = []
        private(set) var bulks: [BulkPayment] = []
        private(set) var endedOrders: [StandingOrder] = []

        init(of person: PersonID, before place: Place?, in tx: any ReadTransaction) throws {
            let limit = PaymentsPage.pageSize + 1
            switch place {
            case .payment(let id)?: payments = try PaymentRecords().rest(of: person, before: id, limit: limit, in: tx)
            case .bulk(let id)?: bulks = try BulkPaymentRecords().rest(of: person, before: id, limit: limit, in: tx)
            case .order(let id)?: endedOrders = try StandingOrderRecords().ended(of: person, before: id, limit: limit, in: tx)
            case nil:
                open = try PaymentRecords().cancellable(of: person, in: tx)
                openBulks = try BulkPaymentRecords().cancellable(of: person, in: tx)
                orders = try StandingOrderRecords().active(of: person, in: tx)
                payments = try PaymentRecords().rest(of: person, limit: limit, in: tx)
                bulks = try BulkPaymentRecords().rest(of: person, limit: limit, in: tx)
                endedOrders = try StandingOrderRecords().ended(of: person, limit: limit, in: tx)
            }
        }

        private var allPayments: [Payment] { open + payments }
        private var allBulks: [BulkPayment] { openBulks + bulks }
        private var allOrders: [StandingOrder] { orders + endedOrders }

        var apps: [AppID] { allPayments.map(\.appID) + allBulks.map(\.appID) + allOrders.map(\.appID) }

        var accounts: [AccountID] {
            allPayments.map(\.debtorAccount) + allBulks.compactMap { $0.execution?.debtorAccount } + allOrders.map(\.debtorAccount)
        }
    }

    /// Where a list goes on; `nil` at its end.
    static func older(_ ids: [some Identifier]) -> String? { ids.count > pageSize ? "/my/payments?before=\(ids[pageSize - 1])" : nil }
}
