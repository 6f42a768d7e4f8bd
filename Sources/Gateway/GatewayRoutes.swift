public import Contract
import Hummingbird
public import Metering
public import Storage
public import Web
internal import HTTPTypes
internal import Primitives

/// Every operation of the contract that the gateway guards, on its path.
public struct GatewayRoutes: Sendable {
    private let operations: [Contract.Operation]
    private let pipeline: Pipeline
    private let recorder: DecisionRecorder
    private let metrics = GatewayMetrics()

    public init(contract: APIContract, policies: AllPolicies, database: any Database, quotas: Quotas, recorder: DecisionRecorder) {
        operations = contract.operations.filter { $0.access != nil }
        pipeline = Pipeline(policies: policies, database: database, quotas: quotas)
        self.recorder = recorder
    }

    public func add(to routes: Routes) {
        for (path, operations) in Dictionary(grouping: operations, by: \.path) {
            add(operations, path: path, to: routes)
        }
    }

    /// What the contract does not know is refused as everything else here is: as a problem that browser apps can read.
    public static let refusalWording = RefusalWording(covers: { $0.hasPrefix("/v1/") || $0.hasPrefix("/sandbox/v1/") }) { problem, request, context in
        var response = problem.response(context: context)
        CrossOrigin.add(to: &response.headers, for: request, app: nil)
        return response
    }

    private func add(_ operations: [Contract.Operation], path: String, to routes: Routes) {
        var taken: Set<HTTPRequest.Method> = [.options]
        for operation in operations {
            guard let rules = operation.access, let method = HTTPRequest.Method(operation.method) else { continue }
            taken.insert(method)
            routes.on(path, method: method) { request, context in await respond(to: request, operation, rules, context) }
            guard method == .get else { continue }
            taken.insert(.head)
            routes.on(path, method: .head) { request, context in await respond(to: request, operation, rules, context).createHeadResponse() }
        }
        let allow = taken.map(\.rawValue).sorted().joined(separator: ", ")
        routes.on(path, method: .options) { request, _ in CrossOrigin.preflight(request, allow: allow) }
    }

    private func respond(to request: Request, _ operation: Contract.Operation, _ rules: AccessRules, _ context: AppContext) async -> Response {
        let started = ContinuousClock.now
        var call = Call(request, operation: operation, rules: rules, context: context)
        let (ending, checks) = await pipeline.run(&call)
        return response(to: call, ending, checks, started: started, context)
    }

    /// The answer, which is recorded on its way where somebody may read the record.
    private func response(
        to call: borrowing Call, _ ending: Ending, _ checks: [DecisionRecord.Check], started: ContinuousClock.Instant, _ context: borrowing AppContext
    ) -> Response {
        let answer = Answer(ending, context: context)
        var response = answer.response(context: context)
        call.rateLimitFields.add(to: &response.headers)
        CrossOrigin.add(to: &response.headers, for: call.request, app: call.app)
        let record = call.record(
            answer, checks: checks, status: response.status.code, duration: .now - started, problem: answer.problemText(context: context))
        // A call that names nobody has no reader. Kept all the same, a flood of them would fill the disk, and drive out what others wait to read.
        if record.organisationID != nil || record.personID != nil { recorder.record(record) }
        metrics.note(record)
        return response
    }
}
