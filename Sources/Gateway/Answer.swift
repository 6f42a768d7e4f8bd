internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Metering
internal import NIOCore
internal import Primitives
internal import Web

/// An ending as HTTP tells it.
struct Answer {
    let outcome: DecisionOutcome
    let rule: String?
    let problem: Problem?
    let upstream: UpstreamAnswer?

    init(_ ending: Ending, context: borrowing AppContext) {
        switch ending {
        // The bank's refusal, told again.
        case .answered(let answer, _) where answer.status.code >= 400: (outcome, rule, problem, upstream) = (.refused, Pipeline.upstream, nil, answer)
        case .answered(let answer, _): (outcome, rule, problem, upstream) = (.allowed, nil, nil, answer)
        // A problem that says the fault is on our side is no refusal of the caller.
        case .refused(let problem, let rule):
            (outcome, self.rule, self.problem, upstream) = (problem.code.status.code < 500 ? .refused : .failed, rule, problem, nil)
        case .failed(let error, let rule): (outcome, self.rule, problem, upstream) = (.failed, rule, Self.problem(error, rule: rule, context), nil)
        }
    }

    /// What a refusal says, for the record.
    func problemText(context: AppContext) -> String? {
        if let problem { return problem.text(context: context) }
        return outcome == .refused ? upstream.map { String(decoding: $0.body, as: UTF8.self) } : nil
    }

    /// How many fields an answer has, with those that every one has.
    private static let fields = 16

    func response(context: AppContext) -> Response {
        if let problem { return Self.naming(problem, context).response(context: context) }
        guard let upstream else { return Response(status: .internalServerError) }
        var headers = upstream.headers
        headers.reserveCapacity(Self.fields)
        headers.set("no-store", for: .cacheControl)
        return Response(status: upstream.status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: upstream.body)))
    }

    /// RFC 9728 §5.1: each challenge tells where the API says how to get a token for it.
    private static func naming(_ problem: Problem, _ context: AppContext) -> Problem {
        let challenges = problem.headers[values: .wwwAuthenticate]
        guard !challenges.isEmpty else { return problem }
        var problem = problem
        let address = context.issuer.address("/.well-known/oauth-protected-resource/v1")
        // One field that lists them: a problem has each field once.
        problem.headers[.wwwAuthenticate] = challenges.map { "\($0), resource_metadata=\"\(address)\"" }.joined(separator: ", ")
        return problem
    }

    private static func problem(_ error: any Error, rule: String, _ context: AppContext) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let error as any Unavailability where error.isUnavailable:
            return Problem(.temporarilyUnavailable, "The database does not answer.", headers: [.retryAfter: "1"])
        default:
            context.logger.error("gateway failed", metadata: ["request_id": "\(context.requestID)", "rule": "\(rule)", "error": "\(error)"])
            return Problem(.internalError, "The request failed on our side. Its id is \(context.requestID).")
        }
    }
}
