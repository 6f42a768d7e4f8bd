internal import HTTPTypes

/// Patterns of addresses as a tree of their segments. A segment is a text, or a name in braces that takes whatever stands there (`/v1/accounts/{id}`); a text
/// goes before a name. Every request goes through it: all nodes lie together, and a path is compared by bytes.
struct RouteTree<Handler: Sendable>: Sendable {
    struct Route: Sendable {
        let pattern: String
        let method: HTTPRequest.Method
        let handler: Handler
    }

    /// What an address led to.
    struct Match {
        let route: Route
        /// What stood where a name stands, in offsets of the path's UTF-8.
        let captures: [(name: Substring, place: Range<Int>)]
    }

    private struct Node {
        var edges: Range<Int>
        var routes: Range<Int>
    }

    private struct Edge {
        /// In `letters`; `nil` for a name.
        let text: Range<Int>?
        let node: Int
    }

    private var nodes: [Node] = []
    private var edges: [Edge] = []
    /// Of each edge, empty for a text: apart from them, so that nothing is counted on the way along them.
    private var names: [Substring] = []
    private var letters: [UInt8] = []
    private var routes: [Route] = []
    /// Each once.
    private var methods: [HTTPRequest.Method] = []
    /// By the number of a route, its method's place among them.
    private var methodOfRoute: [Int] = []

    init(_ routes: [Route]) {
        append(routes.map { ($0.pattern.split(separator: "/")[...], $0) })
        for route in self.routes {
            if !methods.contains(route.method) { methods.append(route.method) }
            methodOfRoute.append(methods.firstIndex(of: route.method) ?? 0)
        }
    }

    /// - Returns: the number of the node behind which these lie.
    @discardableResult
    private mutating func append(_ members: [(rest: ArraySlice<Substring>, route: Route)]) -> Int {
        let here = members.filter(\.rest.isEmpty).map(\.route)
        let number = nodes.count
        nodes.append(Node(edges: 0..<0, routes: routes.count..<routes.count + here.count))
        routes += here
        let onward = Dictionary(grouping: members.filter { !$0.rest.isEmpty }) { $0.rest[$0.rest.startIndex] }
        let segments = onward.keys.sorted { (Self.name($0) == nil ? 0 : 1, $0) < (Self.name($1) == nil ? 0 : 1, $1) }
        let below = segments.map { segment in append(onward[segment, default: []].map { ($0.rest.dropFirst(), $0.route) }) }
        nodes[number].edges = edges.count..<edges.count + segments.count
        for (segment, node) in zip(segments, below) {
            let name = Self.name(segment)
            let text = name == nil ? letters.count..<letters.count + segment.utf8.count : nil
            if text != nil { letters += segment.utf8 }
            edges.append(Edge(text: text, node: node))
            names.append(name ?? "")
        }
        return number
    }

    /// Of a segment that is a name in braces.
    private static func name(_ segment: Substring) -> Substring? {
        segment.hasPrefix("{") && segment.hasSuffix("}") ? segment.dropFirst().dropLast() : nil
    }

    /// Whether it begins with a slash, has no empty segment, and braces stand around whole names alone.
    static func isPattern(_ text: String) -> Bool {
        text == "/"
            || text.hasPrefix("/")
                && text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy { segment in
                    let text = name(segment) ?? segment
                    return !text.isEmpty && !text.contains { "{}:*".contains($0) }
                }
    }

    /// The segments without their names: two patterns with the same ones take the same addresses.
    static func places(_ pattern: String) -> [Substring] { pattern.split(separator: "/").map { name($0) == nil ? $0 : "{}" } }

    func match(_ path: String, _ method: HTTPRequest.Method) -> Match? {
        guard let method = methods.firstIndex(of: method) else { return nil }
        let end = walk(path, to: method)
        return end.route.map { route in Match(route: routes[route], captures: end.captures.map { (names[$0.edge], $0.place) }) }
    }

    /// The methods of an address, none where there is no such address.
    func methods(of path: String) -> Set<HTTPRequest.Method> {
        Set(walk(path, to: nil).nodes.flatMap { nodes[$0].routes.map { methods[methodOfRoute[$0]] } })
    }

    /// - Parameter method: whose route is looked for; nil goes all ways.
    /// - Returns: the number of the route, the edges whose names took something, and the nodes that the path leads to and that have no route of the method.
    private func walk(_ path: String, to method: Int?) -> (route: Int?, captures: [Walk.Capture], nodes: [Int]) {
        var path = path
        return path.withUTF8 { bytes in
            letters.withUnsafeBufferPointer { letters in
                nodes.withUnsafeBufferPointer { nodes in
                    edges.withUnsafeBufferPointer { edges in
                        methodOfRoute.withUnsafeBufferPointer { methodOfRoute in
                            var walk = Walk(nodes: nodes, edges: edges, letters: letters, methodOfRoute: methodOfRoute, bytes: bytes, method: method)
                            let route = walk.go(from: 0, at: 0)
                            return (route, walk.captures, walk.ends)
                        }
                    }
                }
            }
        }
    }

    /// One way through the tree. It holds no array of the tree and takes no closure: each step would count references to all of them.
    private struct Walk {
        let nodes: UnsafeBufferPointer<Node>
        let edges: UnsafeBufferPointer<Edge>
        let letters: UnsafeBufferPointer<UInt8>
        let methodOfRoute: UnsafeBufferPointer<Int>
        let bytes: UnsafeBufferPointer<UInt8>
        let method: Int?
        var captures: [Capture] = []
        var ends: [Int] = []

        /// What stood where the name of an edge stands.
        typealias Capture = (edge: Int, place: Range<Int>)

        /// - Returns: the number of the route.
        mutating func go(from position: Int, at number: Int) -> Int? {
            let slash = UInt8(ascii: "/")
            guard position < bytes.count else { return end(at: number) }
            let start = position + 1
            // One slash may stand at the end. An empty segment leads nowhere: what goes by the beginning of a path would take `//my` for another address.
            guard bytes[position] == slash, start == bytes.count || bytes[start] != slash else { return nil }
            guard start < bytes.count else { return end(at: number) }
            var end = start
            while end < bytes.count, bytes[end] != slash { end += 1 }
            for index in nodes[number].edges {
                if let text = edges[index].text {
                    guard text.count == end - start, letters[text].elementsEqual(bytes[start..<end]) else { continue }
                    if let route = go(from: end, at: edges[index].node) { return route }
                } else {
                    captures.append((index, start..<end))
                    if let route = go(from: end, at: edges[index].node) { return route }
                    captures.removeLast()
                }
            }
            return nil
        }

        private mutating func end(at number: Int) -> Int? {
            if let method, let route = nodes[number].routes.first(where: { methodOfRoute[$0] == method }) { return route }
            ends.append(number)
            return nil
        }
    }
}
