import OpenBanking
public import Primitives
public import Storage

/// What a restored database forgets of payments that were not yet on their way: each may have been taken back, or refused, since the backup. What the bank had
/// accepted goes on: nobody could call it back.
public struct PaymentsRestoration: Sendable {
    /// How many were ended.
    public struct Ended: Hashable, Sendable {
        public var scheduled = 0
        public var standingOrders = 0
        /// Payments without a decision: received, held or blocked.
        public var undecided = 0
        /// Files without one.
        public var undecidedFiles = 0

        public init() {}
    }

    private let books = PaymentBooks()
    private let files = BulkPaymentBooks()
    private static let undecided = PaymentStatus.allCases.filter(\.isUndecided)
    /// Records of one look.
    private static let most = 1_000

    public init() {}

    public func run(at now: Timestamp, in tx: any WriteTransaction) throws -> Ended {
        var ended = Ended()
        ended.scheduled = try end(each: { try PaymentRecords().list(in: [.scheduled], limit: Self.most, in: tx) }) {
            try books.cancel($0, by: .bank, because: .restored, at: now, in: tx)
        }
        ended.standingOrders = try end(each: { try StandingOrderRecords().due(at: .distantFuture, limit: Self.most, in: tx) }) {
            try books.cancel($0.id, by: .bank, at: now, in: tx)
        }
        ended.undecided = try end(each: { try PaymentRecords().list(in: Self.undecided, limit: Self.most, in: tx) }) {
            try books.reject($0, by: .bank, because: .restored, at: now, in: tx)
        }
        ended.undecidedFiles = try end(each: { try BulkPaymentRecords().list(in: Self.undecided, limit: Self.most, in: tx) }) {
            try files.reject($0, by: .bank, because: .restored, at: now, in: tx)
        }
        return ended
    }

    private func end<Record, After>(each page: () throws -> [Record], by end: (Record) throws -> After?) throws -> Int {
        var count = 0
        while case let records = try page(), !records.isEmpty {
            for record in records {
                // Nobody else is at these records; what does not end would be found for ever.
                guard try end(record) != nil else { throw StorageError.failed(reason: "a \(Record.self) cannot be ended") }
            }
            count += records.count
        }
        return count
    }
}

extension PaymentStatus {
    /// Its amount is set aside, and whether it is made is still to be said.
    fileprivate var isUndecided: Bool {
        switch self {
        case .received, .held, .blocked: true
        case .scheduled, .accepted, .settled, .rejected, .cancelled: false
        }
    }
}
