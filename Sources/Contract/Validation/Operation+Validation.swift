public import JSON

/// The parts of a request as HTTP brought them, before anything was believed.
public struct RawRequest: Sendable {
    public let path: [String: String]
    public let query: [(name: String, value: String)]
    /// The values of one header field, each occurrence apart.
    public let header: @Sendable (String) -> [String]

    public init(path: [String: String], query: [(name: String, value: String)], header: @escaping @Sendable (String) -> [String]) {
        self.path = path
        self.query = query
        self.header = header
    }
}

/// The parameters of a request that the contract accepted, by name, in their types.
public struct CheckedParameters: Sendable {
    private let values: [String: JSONValue]

    public init(_ values: [String: JSONValue] = [:]) { self.values = values }

    /// The value, or the contract's default for it.
    public subscript(_ name: String) -> JSONValue? { values[name] }
    public func string(_ name: String) -> String? { values[name]?.string }
    public func integer(_ name: String) -> Int? { values[name]?.integer.flatMap(Int.init(exactly:)) }
}

extension Operation {
    /// Checks path, query and header against the contract.
    /// - Returns: the parameters in their types, and every violation. A parameter that the operation does not know is one: a misspelt filter that were
    ///   ignored would answer with more than was asked for.
    public func check(_ request: RawRequest) -> (parameters: CheckedParameters, violations: [Violation]) {
        var values: [String: JSONValue] = [:]
        var violations: [Violation] = []
        for parameter in parameters {
            let found = request.values(of: parameter)
            let pointer = parameter.pointer
            guard let text = found.first else {
                if parameter.isRequired {
                    violations.append(Violation(pointer: pointer, rule: "required", expected: parameter.schema.typeText, got: "nothing"))
                }
                values[parameter.name] = parameter.schema.defaultValue
                continue
            }
            guard found.count == 1 else {
                violations.append(Violation(pointer: pointer, rule: "repeated", expected: "once", got: "\(found.count) times"))
                continue
            }
            let value = parameter.schema.value(ofParameter: text)
            violations += parameter.schema.violations(of: value, at: pointer)
            values[parameter.name] = value
        }
        violations += unknownQueryParameters(request)
        return (CheckedParameters(values), violations)
    }

    private func unknownQueryParameters(_ request: RawRequest) -> [Violation] {
        guard !request.query.isEmpty else { return [] }
        let known = parameters.filter { $0.location == .query }.map(\.name)
        return request.query.map(\.name).filter { !known.contains($0) }.prefix(20).map {
            Violation(
                pointer: "/query\(pointerStep($0))", rule: "unknown", expected: known.isEmpty ? "no query parameters" : known.joined(separator: ", "),
                got: shortened($0))
        }
    }
}

extension RawRequest {
    fileprivate func values(of parameter: Parameter) -> [String] {
        switch parameter.location {
        case .path: path[parameter.name].map { [$0] } ?? []
        case .query: query.filter { $0.name == parameter.name }.map(\.value)
        case .header: header(parameter.name)
        }
    }
}

extension Operation {
    /// Checks an answer against the contract: its status, and its body where the contract describes one. Tests run every answer through this.
    public func violations(ofResponse status: Int, mediaType: String?, body: [UInt8]) -> [Violation] {
        guard let response = responses.first(where: { $0.status == status }) else {
            return [Violation(pointer: "/status", rule: "responses", expected: responses.map { "\($0.status)" }.joined(separator: ", "), got: "\(status)")]
        }
        guard !response.contents.isEmpty else {
            return body.isEmpty ? [] : [Violation(pointer: "", rule: "content", expected: "no body", got: "\(body.count) bytes")]
        }
        let mediaType = mediaType?.split(separator: ";").first.map(String.init) ?? ""
        guard let content = response.content(mediaType) else {
            let expected = response.contents.map(\.mediaType).joined(separator: ", ")
            return [Violation(pointer: "/header/Content-Type", rule: "content", expected: expected, got: mediaType)]
        }
        guard mediaType.hasSuffix("json") else { return [] }
        do {
            return content.schema.violations(of: try JSONValue(parsing: body))
        } catch {
            return [Violation(pointer: "", rule: "json", expected: error.expected, got: error.got)]
        }
    }
}
