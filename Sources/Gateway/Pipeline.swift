internal import Contract
internal import HTTPTypes
internal import Hummingbird
internal import Metering
internal import Primitives
internal import Storage
internal import Web

/// How a call ended.
enum Ending: Sendable {
    /// The upstream answered, or an earlier answer was repeated.
    case answered(UpstreamAnswer, isReplay: Bool)
    /// A rule of the gateway, or the upstream in the words of a problem, said no.
    case refused(Problem, rule: String)
    /// We failed, or the bank behind us.
    case failed(any Error, rule: String)
}

/// Takes a call through every policy in order, and to its upstream.
struct Pipeline: Sendable {
    let policies: AllPolicies
    let database: any Database
    let quotas: Quotas
    private let idempotency = IdempotencyRecords()

    /// The rule's name where the bank says no.
    static let upstream = "upstream"

    init(policies: AllPolicies, database: any Database, quotas: Quotas) {
        self.policies = policies
        self.database = database
        self.quotas = quotas
    }

    /// - Returns: how it ended, with every rule that was asked.
    func run(_ call: inout Call) async -> (ending: Ending, checks: [DecisionRecord.Check]) {
        var checks: [DecisionRecord.Check] = []
        checks.reserveCapacity(policies.inOrder.count + 1)
        checks.append(.init(rule: "request_id", result: .passed, detail: call.requestID.rawValue))
        let ending = await decide(&call, &checks)
        return (await settle(ending, call: &call), checks)
    }

    private func decide(_ call: inout Call, _ checks: inout [DecisionRecord.Check]) async -> Ending {
        for policy in policies.inOrder {
            do {
                let verdict = if let atOnce = policy.checkAtOnce(&call) { atOnce } else { try await policy.check(&call) }
                switch verdict {
                case .passed(let finding): checks.append(.init(rule: policy.name, result: .passed, finding: finding))
                case .found(let words): checks.append(.init(rule: policy.name, result: .passed, detail: words))
                case .skipped(let reason): checks.append(.init(rule: policy.name, result: .skipped, finding: reason))
                case .refused(let problem):
                    checks.append(.init(rule: policy.name, result: .failed, detail: problem.detail))
                    return .refused(problem, rule: policy.name)
                case .answered(let answer):
                    checks.append(.init(rule: policy.name, result: .passed, finding: .answeredBefore))
                    return .answered(answer, isReplay: true)
                }
            } catch {
                checks.append(.init(rule: policy.name, result: .failed, finding: .checkFailed))
                return .failed(error, rule: policy.name)
            }
        }
        guard let upstream = call.upstream, let guarded = call.guarded else { return .failed(UnreachableUpstream(), rule: "route") }
        return await forward(guarded, to: upstream)
    }

    private func forward(_ call: GuardedCall, to upstream: any Upstream) async -> Ending {
        do {
            let answer = try await upstream.respond(to: call)
            guard answer.status.code < 500 else {
                return .failed(Problem(.upstreamFailed, "The bank answered with \(answer.status.code)."), rule: Self.upstream)
            }
            return .answered(answer, isReplay: false)
        } catch let problem as Problem where problem.code.status.code < 500 {
            return .refused(problem, rule: Self.upstream)
        } catch {
            return .failed(error, rule: Self.upstream)
        }
    }

    /// Returns what a call reserved and did not use: the unit when we or the bank failed or it was refused, the key when it was not answered for good.
    private func settle(_ ending: Ending, call: inout Call) async -> Ending {
        var ending = ending
        if let claim = call.idempotency { ending = await keep(ending, under: claim, of: call) }
        let isUsed =
            switch ending {
            case .answered(_, let isReplay): !isReplay
            case .refused(let problem, let rule): rule == Self.upstream && !problem.isAboutTheCall
            case .failed: false
            }
        if !isUsed, let unit = call.unit {
            await quotas.giveBack(unit)
            call.unit = nil
        }
        return ending
    }

    /// Keeps an answer that is for good, or lets the key go.
    private func keep(_ ending: Ending, under claim: IdempotencyClaim, of call: Call) async -> Ending {
        let answer: UpstreamAnswer?
        switch ending {
        // Our own handlers complete their claim inside the transaction that creates; a bank behind us cannot.
        case .answered(let kept, isReplay: false) where kept.isKept: return ending
        case .answered(let made, isReplay: false): answer = made
        case .refused(let problem, rule: Self.upstream) where problem.isForGood: answer = UpstreamAnswer(problem, to: call)
        case .answered, .refused, .failed: answer = nil
        }
        do {
            guard let answer else {
                try await database.write { [idempotency] in try idempotency.release(claim, in: $0) }
                return ending
            }
            try await database.write { [idempotency] in try idempotency.complete(claim, with: answer, in: $0) }
        } catch {
            // What was done stands, and a claim that could not be released is taken over when it is stale. A refusal is told when it is kept only: whoever has
            // read it must not be paid for by the same request.
            if case .refused = ending, answer != nil { return .failed(error, rule: "idempotency") }
        }
        return ending
    }
}

extension Problem {
    /// Whether the call is malformed (400) or lacks the right to what it asks for (401, 403), which costs nothing whoever finds out. What the bank says no to
    /// otherwise (404, 409, 422) is an answer of it.
    fileprivate var isAboutTheCall: Bool { [400, 401, 403].contains(code.status.code) }

    /// Whether the bank's no answers the request under its key for good, as a payment would: a business rule's. A key that belongs to another body keeps
    /// waiting for that one, and what was not found may be there later.
    fileprivate var isForGood: Bool { code == .debtorAccountBlocked || (code.status == .unprocessableContent && code != .idempotencyKeyReused) }
}

extension UpstreamAnswer {
    /// A refusal as its caller reads it.
    fileprivate init(_ problem: Problem, to call: Call) {
        var headers = problem.headers
        headers.set("application/problem+json", for: .contentType)
        self.init(
            status: problem.code.status, headers: headers, body: Array(problem.text(issuer: call.issuer, requestID: call.requestID).utf8))
    }
}

/// A mistake of ours: every policy let a call through, and none found its upstream.
struct UnreachableUpstream: Error {}
