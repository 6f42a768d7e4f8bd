/// The parameters of one OAuth request, read where it enters: a parameter without a value counts as left out, and none may come twice (RFC 6749 §3.1).
package struct RequestParameters: Sendable {
    private let values: [String: String]
    private let repeated: Set<String>

    package init(_ pairs: some Sequence<(name: String, value: String)>) {
        var values: [String: String] = [:]
        var seen = Set<String>()
        var repeated = Set<String>()
        for (name, value) in pairs {
            if !seen.insert(name).inserted { repeated.insert(name) }
            if !value.isEmpty, values[name] == nil { values[name] = value }
        }
        self.values = values
        self.repeated = repeated
    }

    package subscript(name: String) -> String? { values[name] }

    package func isRepeated(_ name: String) -> Bool { repeated.contains(name) }

    /// - Throws: `invalid_request` when any parameter came twice.
    package func refuseRepetition() throws(OAuthError) {
        guard repeated.isEmpty else { throw .invalidRequest("A parameter was sent more than once.") }
    }
}
