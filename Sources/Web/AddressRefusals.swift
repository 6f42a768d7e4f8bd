internal import HTTPTypes
public import Hummingbird

/// How a part of the address space words what is refused there: an unknown address, a method that an address does not take.
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

/// Lets each part of the address space refuse an address in its own words.
public struct AddressRefusals: RequestStep {
    private let wordings: [RefusalWording]

    public init(_ wordings: [RefusalWording] = []) { self.wordings = wordings }

    public func answer(_ error: any Error, to request: Request, _ context: AppContext) throws -> Response {
        let problem = try problem(error)
        guard let wording = wordings.first(where: { $0.covers(request.uri.path) }) else { throw problem }
        return wording.response(problem, request, context)
    }

    private func problem(_ error: any Error) throws -> Problem {
        switch error as? HTTPError {
        // A handler says so too, of what its address names.
        case let refusal? where refusal.status == .notFound: Problem(.notFound, "There is nothing at this address.")
        case let refusal? where refusal.status == .methodNotAllowed:
            Problem(.methodNotAllowed, "This address takes \(refusal.headers[.allow] ?? "").", headers: refusal.headers)
        default: throw error
        }
    }
}
