package import HTTPTypes
package import Hummingbird
internal import Synchronization

/// Which methods each address takes: read from the router once all routes are added, so that a known address with another method is answered
/// 405 with `Allow` (RFC 9110 §15.5.6) instead of 404.
package final class RouteTable: Sendable {
    private struct Entry {
        let segments: [Substring]
        let method: HTTPRequest.Method
    }

    private let entries = Mutex<[Entry]>([])

    package init() {}

    package func read(_ router: Router<AppContext>) {
        let routes = router.routes.map { Entry(segments: String(describing: $0.path).split(separator: "/"), method: $0.method) }
        entries.withLock { $0 = routes }
    }

    /// The methods of an address, none where there is no such address.
    package func methods(of path: String) -> Set<HTTPRequest.Method> {
        let segments = path.split(separator: "/")
        return entries.withLock { entries in Set(entries.lazy.filter { Self.matches($0.segments, segments) }.map(\.method)) }
    }

    private static func matches(_ pattern: [Substring], _ path: [Substring]) -> Bool {
        guard pattern.count == path.count else { return false }
        return zip(pattern, path).allSatisfy { $0 == $1 || $0.hasPrefix("{") || $0.hasPrefix(":") || $0 == "*" }
    }
}

/// How a part of the address space words the refusals that the router makes: an unknown address, a method that an address does not take.
package struct RefusalWording: Sendable {
    let covers: @Sendable (String) -> Bool
    let response: @Sendable (Problem, Request, AppContext) -> Response

    /// - Parameter covers: whether a path belongs to this part.
    package init(
        covers: @escaping @Sendable (String) -> Bool, response: @escaping @Sendable (Problem, Request, AppContext) -> Response
    ) {
        self.covers = covers
        self.response = response
    }
}

/// Turns the router's 404 into 405 with `Allow` where the address exists for other methods, and lets each part of the address space say both in its own words.
package struct MethodCheck: RequestStep {
    private let table: RouteTable
    private let wordings: [RefusalWording]

    package init(table: RouteTable, wordings: [RefusalWording] = []) {
        self.table = table
        self.wordings = wordings
    }

    package func answer(_ error: any Error, to request: Request, _ context: AppContext) throws -> Response {
        guard let refusal = error as? HTTPError, refusal.status == .notFound else { throw error }
        let problem = problem(request)
        guard let wording = wordings.first(where: { $0.covers(request.uri.path) }) else { throw problem }
        return wording.response(problem, request, context)
    }

    private func problem(_ request: Request) -> Problem {
        var allowed = table.methods(of: request.uri.path)
        if allowed.contains(.get) { allowed.insert(.head) }
        guard !allowed.isEmpty, !allowed.contains(request.method) else { return Problem(.notFound, "There is nothing at this address.") }
        let names = allowed.map(\.rawValue).sorted().joined(separator: ", ")
        return Problem(.methodNotAllowed, "This address takes \(names).", headers: [.allow: names])
    }
}
