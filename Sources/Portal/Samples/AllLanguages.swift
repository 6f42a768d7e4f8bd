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

    func steps(_ values: SampleValues) -> [SampleStep] {
        switch self {
        case .curl: CurlSamples.steps(values)
        case .python: PythonSamples.steps(values)
        case .javascript: JavaScriptSamples.steps(values)
        case .swift: SwiftSamples.steps(values)
        }
    }
}
