public import Primitives

/// The addresses that an app may call from, as a form's text area holds them: one address or network a line.
public enum AllowedNetworkLines {
    /// - Returns: the networks, without empty lines and the space around them; or what is wrong, line by line.
    public static func parse(_ text: String) -> (networks: [IPNetwork], violations: [LineViolation]) {
        let (networks, violations) = Lines.parse(text, most: NewApp.maximumNetworks, tooMany: .tooManyNetworks) { line in
            IPNetwork.read(line).mapError { LineRefusal(message: $0.message) }
        }
        return (networks, violations)
    }
}
