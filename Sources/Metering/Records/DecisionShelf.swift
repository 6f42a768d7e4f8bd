internal import Primitives
internal import Storage

/// The records of one reader under one app or consent that ended in one way, in the order of time.
struct DecisionShelf: Hashable, Comparable {
    /// Who reads: a developer the calls of an organisation's apps, a customer those under their consents.
    enum Reader: CaseIterable {
        case developer, customer

        var table: String {
            switch self {
            case .developer: "developer_shelf"
            case .customer: "customer_shelf"
            }
        }

        /// The column of whoever the shelf belongs to.
        var owner: String {
            switch self {
            case .developer: "organisation_id"
            case .customer: "person_id"
            }
        }

        var part: String {
            switch self {
            case .developer: "app_id"
            case .customer: "consent_id"
            }
        }
    }

    let reader: Reader
    let owner: String
    let part: String
    let outcome: DecisionOutcome

    static func < (lhs: DecisionShelf, rhs: DecisionShelf) -> Bool {
        (lhs.owner, lhs.part, lhs.outcome.rawValue) < (rhs.owner, rhs.part, rhs.outcome.rawValue)
    }

    /// One record's place on it.
    struct Place: Comparable {
        let shelf: DecisionShelf
        let milliseconds: Int64
        let requestID: RequestID

        /// Of two places on one shelf.
        static func < (lhs: Place, rhs: Place) -> Bool { (lhs.milliseconds, lhs.requestID) < (rhs.milliseconds, rhs.requestID) }
    }
}

extension DecisionShelf.Reader {
    func insert(_ places: [DecisionShelf.Place], in tx: any WriteTransaction) throws {
        let rows = places.map { place in
            [place.shelf.owner.sqlValue, place.shelf.part.sqlValue, place.shelf.outcome.sqlValue, place.milliseconds.sqlValue, place.requestID.sqlValue]
        }
        try tx.insert(rows, by: self == .developer ? Self.ofDevelopers : Self.ofCustomers)
    }

    private static let ofDevelopers = insertion(into: .developer)
    private static let ofCustomers = insertion(into: .customer)

    private static func insertion(into reader: Self) -> SQL.Insertion {
        SQL.Insertion(into: reader.table, columns: [reader.owner, reader.part, "outcome", "received_ms", "request_id"])
    }
}

extension SQL.StringInterpolation {
    /// `FROM \(shelf)`: the places on it.
    mutating func appendInterpolation(_ shelf: DecisionShelf) {
        appendLiteral("\(shelf.reader.table) WHERE \(shelf.reader.owner) = ")
        appendInterpolation(shelf.owner)
        appendLiteral(" AND \(shelf.reader.part) = ")
        appendInterpolation(shelf.part)
        appendLiteral(" AND outcome = ")
        appendInterpolation(shelf.outcome)
    }
}
