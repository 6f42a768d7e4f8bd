package import Logging
package import Mail
internal import Primitives
package import Storage
package import Web

/// How one process serves: from flags and environment, checked before anything starts.
package struct Configuration: Sendable {
    /// The address to listen on. `localhost` listens on the loopback addresses of both families, because browsers resolve it to either.
    package var host = "localhost"
    package var port = 8080
    /// Where `/metrics`, `/healthz` and `/readyz` answer; always a loopback address.
    package var opsPort = 9090
    package var issuer: Issuer
    package var database: DatabaseLocation = .sqlite(path: "var/wekeza.db")
    /// Connections to PostgreSQL at most. More than it has processors for make it slower: two nodes with 16 each on two processors did a fifth less than one.
    package var databaseConnections = 8
    /// Folder of the master key, and of what else this process keeps beside the database.
    package var dataDirectory = "var"
    /// Folder that holds `templates`, `static` and `openapi`.
    package var assets = "."
    /// Seeds the demo world and serves `/demo`. Never set for real customers.
    package var demo = false
    /// Base address of the core banking system that live calls go to.
    package var upstream: String?
    package var tls: TLSFiles?
    /// The port of the listener that asks for a client certificate; `nil` for none.
    package var mutualTLSPort: Int?
    /// Whether somebody named that port. A demo without it goes on without that listener when another program, perhaps another demo, has the port.
    package var isMutualTLSPortNamed = true
    /// Where that listener, or the proxy before it, is reached from outside; `nil` where no client can present a certificate.
    package var mutualTLSBase: MutualTLSBase?
    /// A PEM file of the authorities whose client certificates are believed.
    package var clientAuthorities: String?
    /// The folder of what these authorities revoked; `nil` asks for no revocation.
    package var revocationLists: String?
    /// A JSON file of the issuers whose software statements are believed (RFC 7591 §2.3).
    package var statementIssuers: String?
    /// The proxies whose `X-Forwarded-For` is believed.
    package var trustedProxies = TrustedProxies.none
    /// The proxies whose `Client-Cert` is believed (RFC 9440). A list of its own: one that passes the field on as it came would let anybody be anybody.
    package var certificateProxies = TrustedProxies.none
    /// The SMTP server that mail leaves by; without one, demo mode keeps mail in `/demo/mailbox`.
    package var mail: SMTPSettings?
    /// How long a key signs before the next one takes over.
    package var keyLifetime = Duration.days(30)
    /// How long a process that is asked to stop goes on serving while `/readyz` says that it stops.
    package var drain = Duration.zero
    package var logLevel = Logger.Level.info

    package init(issuer: Issuer) { self.issuer = issuer }

    /// The same, with no listener that asks for a client certificate.
    func withoutMutualTLS() -> Configuration {
        var configuration = self
        configuration.mutualTLSPort = nil
        configuration.mutualTLSBase = nil
        return configuration
    }

    package struct TLSFiles: Sendable {
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }
}

/// Which database a process uses: `sqlite:var/wekeza.db` or `postgres://user@host/name`.
package enum DatabaseLocation: Sendable, Equatable {
    case sqlite(path: String)
    case postgres(url: String)

    package init?(_ text: String) {
        if text.hasPrefix("sqlite:"), text.count > "sqlite:".count {
            self = .sqlite(path: String(text.dropFirst("sqlite:".count)))
        } else if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            self = .postgres(url: text)
        } else {
            return nil
        }
    }
}

/// The database does not answer now. The command line says so and exits with 1, so that a supervisor starts it again.
package struct DatabaseUnreachable: Error, CustomStringConvertible {
    let reason: String

    package var description: String { "The database named by --database does not answer (\(reason)): start again when it does." }
}

/// A set-up that cannot work, in one sentence that says what to do. The command line prints it and exits with 2.
package struct ConfigurationError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
