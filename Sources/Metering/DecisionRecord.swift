public import Primitives
public import Storage

/// What the gateway decided about one API call, and why. It feeds the error body, the meter, the customer's access log and the developer's request page.
public struct DecisionRecord: Hashable, Sendable {
    public let requestID: RequestID
    public let receivedAt: Timestamp
    public let durationMicroseconds: Int64
    public let organisationID: OrganisationID?
    public let appID: AppID?
    public let clientID: String?
    public let consentID: ConsentID?
    public let personID: PersonID?
    public let accountID: AccountID?
    public let method: String
    /// Without its query, which may hold what does not belong in a log.
    public let path: String
    /// The contract's `operationId`; `nil` when the path or the method names none.
    public let operation: String?
    public let status: Int
    public let outcome: DecisionOutcome
    /// The first rule that failed.
    public let rule: String?
    public let expected: String?
    public let got: String?
    /// Every rule in the order it was asked, the last one being where the call ended.
    public let checks: [Check]
    /// Units of the daily quota.
    public let cost: Int
    /// How many entries the answer held.
    public let records: Int?
    public let clientAddress: String
    /// The error body that was answered.
    public let problem: String?

    public init(
        requestID: RequestID, receivedAt: Timestamp, durationMicroseconds: Int64, organisationID: OrganisationID? = nil, appID: AppID? = nil,
        clientID: String? = nil, consentID: ConsentID? = nil, personID: PersonID? = nil, accountID: AccountID? = nil, method: String, path: String,
        operation: String?, status: Int, outcome: DecisionOutcome, rule: String? = nil, expected: String? = nil, got: String? = nil, checks: [Check] = [],
        cost: Int = 0, records: Int? = nil, clientAddress: String, problem: String? = nil
    ) {
        self.requestID = requestID
        self.receivedAt = receivedAt
        self.durationMicroseconds = durationMicroseconds
        self.organisationID = organisationID
        self.appID = appID
        self.clientID = clientID?.bounded(60)
        self.consentID = consentID
        self.personID = personID
        self.accountID = accountID
        self.method = method.bounded(20)
        self.path = path.bounded(500)
        self.operation = operation
        self.status = status
        self.outcome = outcome
        self.rule = rule?.bounded(100)
        self.expected = expected?.bounded(500)
        self.got = got?.bounded(500)
        self.checks = checks
        self.cost = cost
        self.records = records
        self.clientAddress = clientAddress.bounded(60)
        self.problem = problem?.bounded(4000)
    }

    /// One rule, in the order the gateway asked.
    public struct Check: Hashable, Sendable {
        public enum Result: CaseIterable, Sendable {
            case passed, failed, skipped
        }

        /// What was found, or why it was not asked.
        public enum Detail: Hashable, Sendable {
            case finding(Finding)
            /// Words of this call alone: one line of them.
            case words(String)
        }

        /// Every rule, in the order in which the gateway asks. A call that one of them ends does not reach the others.
        public static let rulesInOrder = CheckLines.rules.map { $0.name }

        /// The policy's name: `consent_state`.
        public let rule: String
        public let result: Result
        public let detail: Detail

        public init(rule: String, result: Result, finding: Finding) {
            self.rule = rule
            self.result = result
            detail = .finding(finding)
        }

        public init(rule: String, result: Result, detail: String) {
            self.rule = rule
            self.result = result
            let isLine = detail.utf8.withContiguousStorageIfAvailable { $0.count <= 300 && $0.isPrintableASCII } ?? false
            self.detail = .words(isLine ? detail : Self.line(detail))
        }

        public var words: String {
            switch detail {
            case .finding(let finding): finding.words
            case .words(let words): words
            }
        }

        /// Kept as one line; see `CheckLines`.
        private static func line(_ text: String) -> String { String(text.bounded(300).map { $0.isNewline || $0 == "\t" ? " " : $0 }) }
    }
}

public enum DecisionOutcome: String, CaseIterable, Sendable, Codable, SQLBindable, SQLReadable {
    case allowed
    case refused
    /// The gateway allowed it, or could not decide, and we or the bank behind us failed.
    case failed
}

extension String {
    /// At most so many UTF-8 bytes, cut between characters, without the NUL that PostgreSQL refuses.
    func bounded(_ bytes: Int) -> String {
        let hasNUL = utf8.withContiguousStorageIfAvailable { $0.contains(0) } ?? utf8.contains(0)
        let clean = hasNUL ? replacing("\0", with: "\u{FFFD}") : self
        guard clean.utf8.count > bytes else { return clean }
        var end = clean.startIndex
        var count = 0
        for index in clean.indices {
            count += clean[index].utf8.count
            if count > bytes - 3 { break }
            end = clean.index(after: index)
        }
        return clean[..<end] + "…"
    }
}
