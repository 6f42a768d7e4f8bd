public import Hummingbird

/// How a part of the address space words what is refused or fails there outside of its handlers: an unknown address, a method that an address does not take,
/// a request that two readers could read differently, a mistake of ours.
public struct RefusalWording: Sendable {
    let covers: @Sendable (String) -> Bool
    let response: @Sendable (Problem, Request, AppContext) -> Response

    /// - Parameter covers: whether a path belongs to this part.
    public init(
        covers: @escaping @Sendable (String) -> Bool, response: @escaping @Sendable (Problem, Request, AppContext) -> Response
    ) {
        self.covers = covers
        self.response = response
    }
}

/// Lets each part of the address space refuse in its own words. What no part covers goes on to the step before.
public struct RefusalWordings: RequestStep {
    private let wordings: [RefusalWording]

    public init(_ wordings: [RefusalWording]) { self.wordings = wordings }

    public func answer(_ error: any Error, to request: Request, _ context: AppContext) throws -> Response {
        guard let wording = wordings.first(where: { $0.covers(request.uri.path) }) else {
            // A refusal of the HTTP layer goes on as a problem, in the same words and fields everywhere. What is to be logged is left to the step before.
            throw error is HTTPError ? Problem.answer(to: error, context: context) : error
        }
        return wording.response(.answer(to: error, context: context), request, context)
    }
}
