public import OAuth

/// Redirect URIs as a form's text area holds them: one a line.
public enum RedirectURILines {
    /// - Returns: the addresses, without empty lines and the space around them; or what is wrong, line by line.
    public static func parse(_ text: String) -> (redirectURIs: [RedirectURI], violations: [LineViolation]) {
        let (uris, violations) = Lines.parse(text, most: NewApp.maximumRedirectURIs, tooMany: .tooManyRedirectURIs) { line in
            RedirectURI.register(line).mapError { LineRefusal(message: $0.message) }
        }
        return (uris, violations)
    }
}
