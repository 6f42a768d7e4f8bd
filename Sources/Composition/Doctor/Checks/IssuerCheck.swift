internal import Web

/// The public address fits the listener, and what travels to it is encrypted.
struct IssuerCheck: Check {
    private let name = "issuer"

    func run(_ setUp: SetUp) async -> [Finding] {
        let issuer = setUp.configuration.issuer
        let isLocal = SetUp.isLoopback(setUp.configuration.issuer.host)
        if let (found, advice) = Self.warning(of: issuer) { return [.problem(name, found, advice)] }
        guard issuer.isSecure || setUp.configuration.tls == nil else {
            return [.problem(name, "\(issuer) is http, and the listener speaks HTTPS.", "Set --issuer to the https address.")]
        }
        guard !isLocal || SetUp.isLoopback(setUp.configuration.host) else {
            return [
                .warning(
                    name, "\(issuer) is this machine only, and the listener is open to others at \(setUp.configuration.host).",
                    "Set --issuer to the address that others reach it by, or --host to localhost.")
            ]
        }
        return [.ok(name, issuer.isSecure && setUp.configuration.tls == nil ? "\(issuer), behind a proxy that speaks TLS." : "\(issuer)")]
    }

    /// RFC 8414 §2 asks for https. A start warns of it and goes on: on this machine, and in a network of tests, nobody else listens.
    static func warning(of issuer: Issuer) -> (found: String, advice: String)? {
        guard !issuer.isSecure, !SetUp.isLoopback(issuer.host) else { return nil }
        return (
            "\(issuer) is http: passwords and tokens travel in the clear, and browsers keep no secure cookies.",
            "Set --issuer to the https address, with --tls-cert and --tls-key or a proxy that speaks TLS."
        )
    }
}
