/// The parameters of one OAuth request, read where it enters: a parameter without a value counts as left out, and none may come twice (RFC 6749 §3.1).
public struct RequestParameters: Sendable {
    /// In their order. A request has a handful, so looking at each costs less than hashing.
    public let pairs: [(name: String, value: String)]
    private let repeated: Set<String>

    public init(_ pairs: some Sequence<(name: String, value: String)>) {
        self.pairs = Array(pairs)
        repeated = Self.repeatedNames(self.pairs)
    }

    public subscript(name: String) -> String? { pairs.first { $0.name == name && !$0.value.isEmpty }?.value }

    /// Every value of a name that may come more than once.
    public func all(_ name: String) -> [String] { pairs.filter { $0.name == name && !$0.value.isEmpty }.map(\.value) }

    public func isRepeated(_ name: String) -> Bool { repeated.contains(name) }

    /// - Throws: `invalid_request` when any parameter came twice but `resource`, which may (RFC 8707 §2).
    public func refuseRepetition() throws(OAuthError) {
        let names = repeated.subtracting(["resource"]).sorted()
        guard let first = names.first else { return }
        throw .against(
            .sentOnce, "A parameter was sent more than once.", parameter: Received.value(first)?.text, expected: "once",
            received: .note("\(pairs.count { $0.name == first }) times"))
    }

    private static func repeatedNames(_ pairs: [(name: String, value: String)]) -> Set<String> {
        guard pairs.count > 16 else {
            return Set(pairs.indices.filter { index in pairs[..<index].contains { $0.name == pairs[index].name } }.map { pairs[$0].name })
        }
        var seen = Set<String>()
        return Set(pairs.map(\.name).filter { !seen.insert($0).inserted })
    }
}
