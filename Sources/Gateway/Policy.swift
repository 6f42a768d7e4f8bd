public import Metering
public import Web
internal import HTTPTypes

/// One rule that a call must pass. A policy is a file in `Policies/` and a line in `AllPolicies.swift`.
public protocol Policy: Sendable {
    /// Its name in errors, records, metrics and the documentation: `consent_state`.
    var name: String { get }

    /// Asked first: nearly no call waits for a rule, and where one might wait costs as much as the rule.
    /// - Returns: `nil` where the verdict has to be waited for.
    func checkAtOnce(_ call: inout Call) -> Verdict?

    /// Asked where nothing could be said at once.
    /// - Throws: only failures of ours; a refusal is returned.
    func check(_ call: inout Call) async throws -> Verdict
}

extension Policy {
    public func checkAtOnce(_ call: inout Call) -> Verdict? { nil }
}

/// A rule that never waits.
protocol ImmediatePolicy: Policy {
    func check(_ call: inout Call) -> Verdict
}

extension ImmediatePolicy {
    func checkAtOnce(_ call: inout Call) -> Verdict? { check(&call) }
}

public enum Verdict: Sendable {
    /// With what was found, for the record.
    case passed(Finding)
    /// The same in words of this call alone.
    case found(String)
    /// The rule does not concern this operation.
    case skipped(Finding)
    case refused(Problem)
    /// The answer is known already: a repetition of an earlier request.
    case answered(UpstreamAnswer)
}

extension Policy {
    /// A refusal by this rule.
    /// - Parameter pointer: what it is about: a JSON pointer into the body, `/header/…`, `/query/…`, `/path/…`, or empty.
    func refused(
        _ code: ErrorCode, _ detail: String, at pointer: String = "/header/Authorization", expected: String, got: String, challenge: BearerChallenge? = nil,
        retryAfter: Int? = nil
    ) -> Verdict {
        var problem = Problem(code, detail, errors: [Problem.Violation(pointer: pointer, rule: name, expected: expected, got: got)])
        if let challenge { problem.headers[values: .wwwAuthenticate] = challenge.texts }
        if let retryAfter { problem.headers[.retryAfter] = "\(retryAfter)" }
        return .refused(problem)
    }
}
