internal import JSON
public import Primitives
public import Risk
public import Storage

/// What was decided about each payment's risk, with everything that the decision looked at.
public struct RiskDecisions: Sendable {
    public init() {}

    /// - Parameter inputs: `nil` when there was no time to read them.
    func insert(_ decision: RiskDecision, on inputs: RiskInputs?, of payment: PaymentID, at now: Timestamp, in tx: any WriteTransaction) throws {
        let inputs = JSONObject((inputs?.named ?? []).map { ($0, JSONValue.string($1)) })
        try tx.execute(
            """
            INSERT INTO risk_decision (payment_id, outcome, score, reasons, version, inputs, decided_at)
            VALUES (\(payment), \(decision.outcome), \(decision.score), \(decision.reasons.joined(separator: " ")), \(decision.version),
                    \(String(decoding: inputs.bytes, as: UTF8.self)), \(now))
            """)
    }

    public func find(of payment: PaymentID, in tx: any ReadTransaction) throws -> Kept? { try find(of: [payment], in: tx)[payment] }

    /// The same of several, in one statement.
    public func find(of payments: [PaymentID], in tx: any ReadTransaction) throws -> [PaymentID: Kept] {
        guard !payments.isEmpty else { return [:] }
        let rows = try tx.all(
            "SELECT payment_id, outcome, score, reasons, version, inputs, decided_at FROM risk_decision WHERE payment_id IN \(list: payments)")
        return try Dictionary(rows.map { (try $0["payment_id"], try Kept($0)) }) { first, _ in first }
    }

    /// A decision as it was made.
    public struct Kept: Sendable {
        public let decision: RiskDecision
        public let inputs: [(name: String, value: String)]
        public let decidedAt: Timestamp

        fileprivate init(_ row: Row) throws {
            let reasons: String = try row["reasons"]
            let inputs: String = try row["inputs"]
            let members = (try? JSONValue(parsing: Array(inputs.utf8)))?.object?.members ?? []
            decision = RiskDecision(
                outcome: try row["outcome"], score: try row["score"], reasons: reasons.split(separator: " ").map(String.init), version: try row["version"])
            self.inputs = members.compactMap { member in member.value.string.map { (name: member.name, value: $0) } }
            decidedAt = try row["decided_at"]
        }
    }
}

extension RiskOutcome: SQLBindable, SQLReadable {}
