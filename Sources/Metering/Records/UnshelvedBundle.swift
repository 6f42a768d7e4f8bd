internal import Primitives
internal import Storage

/// What of some calls their shelves and their day need, kept until it is put there: calls of one app under one consent that ended in one way within one second.
struct UnshelvedBundle {
    /// What the calls of a bundle have in common.
    struct Kind: Hashable {
        let second: Int64
        let outcome: DecisionOutcome
        let organisationID: OrganisationID?
        let appID: AppID?
        let personID: PersonID?
        let consentID: ConsentID?

        init(_ record: DecisionRecord) {
            second = CallBundle.second(of: record.receivedAt)
            outcome = record.outcome
            organisationID = record.organisationID
            appID = record.appID
            personID = record.personID
            consentID = record.consentID
        }

        /// By what tells nearly all kinds apart, for it is asked on the way of every call.
        func hash(into hasher: inout Hasher) {
            hasher.combine(second)
            if let consentID { hasher.combine(consentID) } else { hasher.combine(appID) }
        }

        /// Whether there is a shelf for it: there is none for a call of nobody we know, and about nobody.
        var isListed: Bool { (organisationID != nil && appID != nil) || (personID != nil && consentID != nil) }
    }

    let kind: Kind
    private(set) var calls: CallBundle
    private(set) var cost: Int

    init(_ kind: Kind, _ call: CallBundle.Call, cost: Int) {
        self.kind = kind
        calls = CallBundle(call)
        self.cost = cost
    }

    mutating func add(_ call: CallBundle.Call, cost: Int) {
        calls.add(call)
        self.cost += cost
    }

    /// Adds the calls of another one of its kind.
    mutating func add(_ other: UnshelvedBundle) {
        calls.add(other.calls)
        cost += other.cost
    }

    /// What waits is divided, and a slice put on its shelves as a whole: the more calls of an app come together, the fewer pages change for each. A list of one
    /// app looks into its slice alone, so neither how many there are nor which is an app's may change while calls wait.
    static let slices = 0..<16

    /// All of an app wait in one.
    static func slice(ofApp appID: AppID?) -> Int { Int(appID?.rawValue.utf8.reduce(0, &+) ?? 0) % slices.count }

    var slice: Int { Self.slice(ofApp: kind.appID) }

    var values: [SQLValue] {
        [
            slice.sqlValue, calls.greatestID.sqlValue, calls.latest.milliseconds.sqlValue, kind.outcome.sqlValue, cost.sqlValue,
            .text(kind.organisationID?.rawValue), .text(kind.appID?.rawValue), .text(kind.personID?.rawValue), .text(kind.consentID?.rawValue),
            calls.count.sqlValue, .text(calls.text),
        ]
    }

    static let insertion = SQL.Insertion(into: "unshelved_bundle", columns: columns)

    /// In the order of `values`.
    private static let columns = [
        "slice", "request_id", "received_ms", "outcome", "cost", "organisation_id", "app_id", "person_id", "consent_id", "calls", "places",
    ]
    fileprivate static let columnList = columns.dropFirst().joined(separator: ", ")
}

extension SQL.StringInterpolation {
    mutating func appendInterpolation(columnsOf: UnshelvedBundle.Type) { appendLiteral(UnshelvedBundle.columnList) }
}
