package import OAuth

/// Redirect URIs as a form's text area holds them: one a line.
package enum RedirectURILines {
    /// What is wrong with one line.
    package struct Violation: Error, Hashable, Sendable {
        /// From 1.
        package let line: Int
        package let message: String

        /// `Line 2: Begin with the scheme, for example https://`
        package var text: String { "Line \(line): \(message)" }
    }

    /// - Returns: the addresses, without empty lines and the space around them; or what is wrong, line by line.
    package static func parse(_ text: String) -> (redirectURIs: [RedirectURI], violations: [Violation]) {
        var redirectURIs: [RedirectURI] = []
        var violations: [Violation] = []
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, line) in lines.enumerated() {
            let trimmed = line.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()
            guard !trimmed.isEmpty else { continue }
            guard redirectURIs.count < NewApp.maximumRedirectURIs else {
                violations.append(Violation(line: index + 1, message: AppRefusal.tooManyRedirectURIs.message))
                break
            }
            switch RedirectURI.register(String(trimmed)) {
            case .success(let uri) where redirectURIs.contains(uri):
                violations.append(Violation(line: index + 1, message: "This address stands here twice"))
            case .success(let uri): redirectURIs.append(uri)
            case .failure(let refusal): violations.append(Violation(line: index + 1, message: refusal.message))
            }
        }
        return (redirectURIs, violations)
    }
}
