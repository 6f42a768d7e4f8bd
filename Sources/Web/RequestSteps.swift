public import Hummingbird

/// What every request passes on its way to its handler, and every answer on its way back. A step waits for nothing.
public protocol RequestStep: Sendable {
    /// Looks at a request before its handler does.
    /// - Throws: what a step before this one answers.
    func enter(_ request: Request, _ context: inout AppContext) throws

    /// Answers what the handler, or a step behind this one, has thrown; throws what it does not answer.
    func answer(_ error: any Error, to request: Request, _ context: AppContext) throws -> Response

    /// Completes an answer.
    func leave(_ response: inout Response, to request: Request, _ context: AppContext)
}

extension RequestStep {
    public func enter(_ request: Request, _ context: inout AppContext) throws {}
    public func answer(_ error: any Error, to request: Request, _ context: AppContext) throws -> Response { throw error }
    public func leave(_ response: inout Response, to request: Request, _ context: AppContext) {}
}

/// Takes requests through their steps, the first of them outermost, to their handler and back.
struct RequestSteps: Sendable {
    private let steps: [any RequestStep]

    init(_ steps: [any RequestStep]) { self.steps = steps }

    func handle(_ request: Request, _ context: inout AppContext, _ handler: Routes.Handler) async throws -> Response {
        context.begun = .now
        var entered = 0
        var response: Response
        do {
            for step in steps {
                try step.enter(request, &context)
                entered += 1
            }
            response = try await handler(request, context)
        } catch {
            (response, entered) = try answer(error, to: request, context, within: entered)
        }
        for step in steps[..<entered].reversed() { step.leave(&response, to: request, context) }
        return response
    }

    /// - Returns: the answer of the innermost step that has one, and how many are to be left: that one and those before it.
    private func answer(_ error: any Error, to request: Request, _ context: AppContext, within entered: Int) throws -> (Response, Int) {
        var error = error
        for index in (0..<entered).reversed() {
            do { return (try steps[index].answer(error, to: request, context), index + 1) } catch let other { error = other }
        }
        throw error
    }
}
