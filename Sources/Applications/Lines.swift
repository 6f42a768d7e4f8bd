/// A form's text area that holds one value a line.
enum Lines {
    /// - Parameters:
    ///   - most: the line behind so many values is refused, and the rest is not looked at.
    ///   - read: reads a line without the space around it, or says what to do.
    /// - Returns: the values; or what is wrong, line by line.
    static func parse<Value: Equatable>(
        _ text: String, most: Int, tooMany: AppRefusal, read: (String) -> Result<Value, LineRefusal>
    ) -> (values: [Value], violations: [LineViolation]) {
        var values: [Value] = []
        var violations: [LineViolation] = []
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, line) in lines.enumerated() {
            let trimmed = line.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()
            guard !trimmed.isEmpty else { continue }
            guard values.count < most else {
                violations.append(LineViolation(line: index + 1, message: tooMany.message))
                break
            }
            switch read(String(trimmed)) {
            case .success(let value) where values.contains(value): violations.append(LineViolation(line: index + 1, message: "This address stands here twice"))
            case .success(let value): values.append(value)
            case .failure(let refusal): violations.append(LineViolation(line: index + 1, message: refusal.message))
            }
        }
        return (values, violations)
    }
}

/// What to do about a line, in words.
struct LineRefusal: Error {
    let message: String
}

/// What is wrong with one line.
public struct LineViolation: Error, Hashable, Sendable {
    /// From 1.
    public let line: Int
    public let message: String

    /// `Line 2: Begin with the scheme, for example https://`
    public var text: String { "Line \(line): \(message)" }
}
