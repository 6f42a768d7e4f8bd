public import HTTPTypes
public import Hummingbird

/// What answers at which address. An address that takes GET takes HEAD too, and answers without the body.
///
/// Instead of the library's router, which takes each path apart by characters and puts a middleware around each handler.
public final class Routes: HTTPResponderBuilder {
    public typealias Handler = @Sendable (Request, AppContext) async throws -> Response

    private let steps: RequestSteps
    private var routes: [RouteTree<Handler>.Route] = []

    /// - Parameter steps: what every request passes, the outermost first.
    public init(_ steps: [any RequestStep] = []) { self.steps = RequestSteps(steps) }

    /// - Parameter pattern: segments, each a text or a name in braces for whatever stands there: `/portal/apps/{id}`.
    public func on(_ pattern: String, method: HTTPRequest.Method, use handler: @escaping Handler) {
        precondition(RouteTree<Handler>.isPattern(pattern), "\(pattern) is no pattern")
        let places = RouteTree<Handler>.places(pattern)
        precondition(!routes.contains { $0.method == method && RouteTree<Handler>.places($0.pattern) == places }, "\(method) \(pattern) is there twice")
        routes.append(RouteTree.Route(pattern: pattern, method: method, handler: handler))
    }

    public func get(_ pattern: String, use handler: @escaping Handler) { on(pattern, method: .get, use: handler) }
    public func post(_ pattern: String, use handler: @escaping Handler) { on(pattern, method: .post, use: handler) }

    public func buildResponder() -> RoutesResponder {
        let withHead = Set(routes.lazy.filter { $0.method == .head }.map(\.pattern))
        let heads = routes.filter { $0.method == .get && !withHead.contains($0.pattern) }.map { get in
            RouteTree<Handler>.Route(pattern: get.pattern, method: .head) { try await get.handler($0, $1).createHeadResponse() }
        }
        return RoutesResponder(tree: RouteTree(routes + heads), steps: steps)
    }
}

/// Takes a request through its steps to what answers at its address.
public final class RoutesResponder: HTTPResponder {
    private let tree: RouteTree<Routes.Handler>
    private let steps: RequestSteps

    init(tree: RouteTree<Routes.Handler>, steps: RequestSteps) {
        self.tree = tree
        self.steps = steps
    }

    public func respond(to request: Request, context: AppContext) async throws -> Response {
        var context = context
        let path = request.uri.path
        do {
            guard let match = tree.match(path, request.method) else {
                let refusal = Self.refusal(allowed: tree.methods(of: path))
                return try await steps.handle(request, &context) { _, _ in throw refusal }
            }
            context.route = match.route.pattern
            if !match.captures.isEmpty {
                context.coreContext.parameters = Hummingbird.Parameters(match.captures.map { ($0.name, path[utf8: $0.place]) })
            }
            return try await steps.handle(request, &context, match.route.handler)
        } catch let error as any HTTPResponseError {
            return try error.response(from: request, context: context)
        }
    }

    /// 405 with `Allow` where an address takes other methods (RFC 9110 §15.5.6), 404 where there is none.
    private static func refusal(allowed: Set<HTTPRequest.Method>) -> HTTPError {
        guard !allowed.isEmpty else { return HTTPError(.notFound) }
        return HTTPError(.methodNotAllowed, headers: [.allow: allowed.map(\.rawValue).sorted().joined(separator: ", ")])
    }
}

extension String {
    fileprivate subscript(utf8 place: Range<Int>) -> Substring {
        self[utf8.index(startIndex, offsetBy: place.lowerBound)..<utf8.index(startIndex, offsetBy: place.upperBound)]
    }
}
