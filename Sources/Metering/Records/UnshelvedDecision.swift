internal import Primitives
internal import Storage

/// What of a record its shelves and its day need, kept until it is put there.
struct UnshelvedDecision {
    let requestID: RequestID
    let receivedAt: Timestamp
    let outcome: DecisionOutcome
    let cost: Int
    let organisationID: OrganisationID?
    let appID: AppID?
    let personID: PersonID?
    let consentID: ConsentID?

    init(_ record: DecisionRecord) {
        requestID = record.requestID
        receivedAt = record.receivedAt
        outcome = record.outcome
        cost = record.cost
        organisationID = record.organisationID
        appID = record.appID
        personID = record.personID
        consentID = record.consentID
    }

    init(_ row: Row) throws {
        requestID = try row["request_id"]
        receivedAt = Timestamp(milliseconds: try row["received_ms"])
        outcome = try row["outcome"]
        cost = try row["cost"]
        organisationID = try row["organisation_id"]
        appID = try row["app_id"]
        personID = try row["person_id"]
        consentID = try row["consent_id"]
    }

    /// What waits is divided, and a slice put on its shelves as a whole: the more calls of an app come together, the fewer pages change for each. A list of one
    /// app looks into its slice alone, so neither how many there are nor which is an app's may change while records wait.
    static let slices = 0..<16

    /// All of an app wait in one.
    static func slice(ofApp appID: AppID?) -> Int { Int(appID?.rawValue.utf8.reduce(0, &+) ?? 0) % slices.count }

    var slice: Int { Self.slice(ofApp: appID) }

    var values: [SQLValue] {
        [
            slice.sqlValue, requestID.sqlValue, receivedAt.milliseconds.sqlValue, outcome.sqlValue, cost.sqlValue, .text(organisationID?.rawValue),
            .text(appID?.rawValue),
            .text(personID?.rawValue), .text(consentID?.rawValue),
        ]
    }

    /// Whether there is a shelf for it: there is none for a call of nobody we know, and about nobody.
    var isListed: Bool { (organisationID != nil && appID != nil) || (personID != nil && consentID != nil) }

    /// - Returns: `nil` for a call of nobody we know, or about nobody.
    func place(for reader: DecisionShelf.Reader) -> DecisionShelf.Place? {
        let (owner, part) = reader == .developer ? (organisationID?.rawValue, appID?.rawValue) : (personID?.rawValue, consentID?.rawValue)
        guard let owner, let part else { return nil }
        let shelf = DecisionShelf(reader: reader, owner: owner, part: part, outcome: outcome)
        return DecisionShelf.Place(shelf: shelf, milliseconds: receivedAt.milliseconds, requestID: requestID)
    }

    static let insertion = SQL.Insertion(into: "unshelved_decision", columns: columns)

    /// In the order of `values`.
    private static let columns = ["slice", "request_id", "received_ms", "outcome", "cost", "organisation_id", "app_id", "person_id", "consent_id"]
    /// As a record has them too.
    fileprivate static let columnList = columns.dropFirst().joined(separator: ", ")
}

extension SQL.StringInterpolation {
    mutating func appendInterpolation(columnsOf: UnshelvedDecision.Type) { appendLiteral(UnshelvedDecision.columnList) }
}
