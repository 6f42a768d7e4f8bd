import Applications
import OAuth

/// The languages that samples come in.
enum SampleLanguage: String, CaseIterable, Sendable {
    case curl, python, javascript, swift

    var title: String {
        switch self {
        case .curl: "curl"
        case .python: "Python"
        case .javascript: "JavaScript"
        case .swift: "Swift"
        }
    }

    /// Empty for apps that prove themselves by a key or a certificate: there their own library signs, or the connection does.
    func steps(_ values: SampleValues) -> [SampleStep] {
        guard values.app.isPublic || values.app.authenticationMethod.usesSecret else { return [] }
        return switch self {
        case .curl: CurlSamples.steps(values)
        case .python: PythonSamples.steps(values)
        case .javascript: JavaScriptSamples.steps(values)
        case .swift: SwiftSamples.steps(values)
        }
    }
}
