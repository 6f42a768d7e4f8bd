internal import Primitives
internal import Storage

/// The records of one reader under one app or consent that ended in one way, in the order of time: those of a second as one row, or as a few (`CallBundle`).
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

    init(reader: Reader, owner: String, part: String, outcome: DecisionOutcome) {
        self.reader = reader
        self.owner = owner
        self.part = part
        self.outcome = outcome
    }

    /// - Returns: `nil` for calls of nobody we know, or about nobody.
    init?(of reader: Reader, _ kind: UnshelvedBundle.Kind) {
        let (owner, part) =
            reader == .developer ? (kind.organisationID?.rawValue, kind.appID?.rawValue) : (kind.personID?.rawValue, kind.consentID?.rawValue)
        guard let owner, let part else { return nil }
        self.init(reader: reader, owner: owner, part: part, outcome: kind.outcome)
    }
}

extension SQL.StringInterpolation {
    /// `FROM \(shelf)`: its rows.
    mutating func appendInterpolation(_ shelf: DecisionShelf) {
        appendLiteral("\(shelf.reader.table) WHERE \(shelf.reader.owner) = ")
        appendInterpolation(shelf.owner)
        appendLiteral(" AND \(shelf.reader.part) = ")
        appendInterpolation(shelf.part)
        appendLiteral(" AND outcome = ")
        appendInterpolation(shelf.outcome)
    }
}
