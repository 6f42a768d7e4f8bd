import Gateway
import HTTPTypes
import OpenBanking
import Payments
import Primitives
import Web

extension PaymentScenario {
    /// The header that names a scenario.
    static let header = HTTPField.Name("X-Sandbox-Scenario")!  // a constant that parses

    /// The scenario that a call names in its header, or else the one that its payment calls up.
    /// - Throws: a `Problem` when the header names none.
    static func asked(by call: GuardedCall, for instruction: PaymentInstruction) throws -> PaymentScenario? {
        guard let name = call.http.headers[header] else { return calledUp(by: instruction) }
        if let scenario = named(name) { return scenario }
        throw Problem(
            .invalidRequest, "The header X-Sandbox-Scenario names no scenario of the sandbox.",
            errors: [
                Problem.Violation(
                    pointer: "/header/X-Sandbox-Scenario", rule: "scenario", expected: "one of \(all.map(\.name).joined(separator: ", "))",
                    got: String(name.prefix(80)))
            ])
    }

    /// How the call fails, if it does, and whether the payment is made all the same.
    var fault: (kind: Fault, isMade: Bool)? {
        guard case .unanswered(let fault, let isMade) = outcome else { return nil }
        return (fault, isMade)
    }
}

extension PaymentScenario.Fault {
    /// In the words of the real failure.
    func problem(_ call: GuardedCall) -> Problem {
        switch self {
        case .unavailable: Problem(.temporarilyUnavailable, "The bank is busy.", headers: [.retryAfter: "1"])
        case .timeout: Problem(.upstreamFailed, "The bank did not answer in time, or not at all.")
        case .ours: Problem(.internalError, "The request failed on our side. Its id is \(call.requestID).")
        }
    }
}
