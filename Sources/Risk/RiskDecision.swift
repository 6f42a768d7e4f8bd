/// What is to happen to a payment.
public enum RiskOutcome: String, CaseIterable, Sendable {
    case allow
    /// A member of staff decides.
    case review
    case decline
    /// Stopped, and kept where it is.
    case block
}

/// A decision with its reasons. The same inputs under the same version give the same decision.
public struct RiskDecision: Hashable, Sendable {
    public let outcome: RiskOutcome
    public let score: Int
    /// The names of the rules that applied, or why there was no decision by rules.
    public let reasons: [String]
    public let version: String

    public init(outcome: RiskOutcome, score: Int, reasons: [String], version: String = RiskDecision.currentVersion) {
        self.outcome = outcome
        self.score = score
        self.reasons = reasons
        self.version = version
    }

    /// Changes with every change of a rule, a weight or a threshold.
    public static let currentVersion = "2026-11-26"

    /// From this score on; below the first a payment is allowed.
    public static let thresholds: [(from: Int, outcome: RiskOutcome)] = [(100, .block), (80, .decline), (50, .review)]

    /// Asks every rule.
    public init(on inputs: RiskInputs) {
        let applying = RiskRule.allCases.filter { $0.applies(to: inputs) }
        let score = applying.reduce(0) { $0 + $1.weight }
        self.init(
            outcome: Self.thresholds.first { score >= $0.from }?.outcome ?? .allow, score: score, reasons: applying.map(\.rawValue))
    }

    /// Nothing was decided in time: a person looks, and nothing is allowed by silence.
    public static let timedOut = RiskDecision(outcome: .review, score: 0, reasons: ["deadline"])
}
