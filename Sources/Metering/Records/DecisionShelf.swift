internal import Primitives
internal import Storage

/// The records of one reader under one app or consent that ended in one way, in the order of time.
struct DecisionShelf: Hashable {
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

    /// One record's place on it.
    struct Place {
        let shelf: DecisionShelf
        let milliseconds: Int64
        let requestID: RequestID
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
