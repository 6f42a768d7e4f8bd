import OpenBanking
public import Primitives
public import Storage

/// What a restored database forgets of payments to come: each may have been cancelled since the backup.
public struct PaymentsRestoration: Sendable {
    private let books = PaymentBooks()

    public init() {}

    /// - Returns: how many scheduled payments and standing orders were ended.
    public func run(at now: Timestamp, in tx: any WriteTransaction) throws -> (scheduled: Int, standingOrders: Int) {
        var counts = (scheduled: 0, standingOrders: 0)
        while case let waiting = try PaymentRecords().due(.scheduled, at: .distantFuture, limit: 1_000, in: tx), !waiting.isEmpty {
            for payment in waiting where try books.cancel(payment, by: .bank, because: .restored, at: now, in: tx) != nil { counts.scheduled += 1 }
        }
        while case let active = try StandingOrderRecords().due(at: .distantFuture, limit: 1_000, in: tx), !active.isEmpty {
            for order in active where try books.cancel(order.id, by: .bank, at: now, in: tx) != nil { counts.standingOrders += 1 }
        }
        return counts
    }
}
