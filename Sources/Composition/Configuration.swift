public import Backends
public import Logging
public import Mail
internal import Primitives
import Storage
internal import StoragePostgres
public import Web

/// How one process serves: from flags and environment, checked before anything starts.
public struct Configuration: Sendable {
    /// The address to listen on. `localhost` listens on the loopback addresses of both families, because browsers resolve it to either.
    public var host = "localhost"
    public var port = 8080
    /// Where `/metrics`, `/healthz` and `/readyz` answer; always a loopback address.
    public var opsPort = 9090
    public var issuer: Issuer
    public var database: DatabaseLocation = .sqlite(path: "var/wekeza.db")
    /// Connections to PostgreSQL at most. More than it has processors for make it slower: two nodes with 16 each on two processors did a fifth less than one.
    public var databaseConnections = 8
    /// Folder of the master key, and of what else this process keeps beside the database.
    public var dataDirectory = "var"
    /// Folder that holds `templates`, `static` and `openapi`.
    public var assets = "."
    /// Seeds the demo world and serves `/demo`. Never set for real customers.
    public var demo = false
    /// Base address of the core banking system that live calls go to.
    public var upstream: BackendAddress?
    public var tls: TLSFiles?
    /// The port of the listener that asks for a client certificate; `nil` for none.
    public var mutualTLSPort: Int?
    /// Whether somebody named that port. A demo without it goes on without that listener when another program, perhaps another demo, has the port.
    public var isMutualTLSPortNamed = true
    /// Where that listener, or the proxy before it, is reached from outside; `nil` where no client can present a certificate.
    public var mutualTLSBase: MutualTLSBase?
    /// A PEM file of the authorities whose client certificates are believed.
    public var clientAuthorities: String?
    /// The folder of what these authorities revoked; `nil` asks for no revocation.
    public var revocationLists: String?
    /// A JSON file of the issuers whose software statements are believed (RFC 7591 §2.3).
    public var statementIssuers: String?
    /// The proxies whose `X-Forwarded-For` is believed.
    public var trustedProxies = TrustedProxies.none
    /// The proxies whose `Client-Cert` is believed (RFC 9440). A list of its own: one that passes the field on as it came would let anybody be anybody.
    public var certificateProxies = TrustedProxies.none
    /// The SMTP server that mail leaves by; without one, demo mode keeps mail in `/demo/mailbox`.
    public var mail: SMTPSettings?
    /// How long a key signs before the next one takes over.
    public var keyLifetime = Duration.days(30)
    /// How long a process that is asked to stop goes on serving while `/readyz` says that it stops.
    public var drain = Duration.zero
    public var logLevel = Logger.Level.info

    public init(issuer: Issuer) { self.issuer = issuer }

    /// The same, with no listener that asks for a client certificate.
    func withoutMutualTLS() -> Configuration {
        var configuration = self
        configuration.mutualTLSPort = nil
        configuration.mutualTLSBase = nil
        return configuration
    }

    public struct TLSFiles: Sendable {
        public var certificate: String
        public var key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }
}

/// Which database a process uses: `sqlite:var/wekeza.db` or `postgres://user@host/name`.
public enum DatabaseLocation: Sendable, Equatable {
    case sqlite(path: String)
    case postgres(url: String)

    public init?(_ text: String) {
        if text.hasPrefix("sqlite:"), text.count > "sqlite:".count {
            self = .sqlite(path: String(text.dropFirst("sqlite:".count)))
        } else if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://"), PostgresAddress(text) != nil {
            self = .postgres(url: text)
        } else {
            return nil
        }
    }
}

/// What keeps the program from working now and may pass, in one sentence. The command line prints it and exits with 1, so that a supervisor starts it again.
public struct TemporaryFailure: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// A set-up that cannot work, in one sentence that says what to do. The command line prints it and exits with 2.
public struct ConfigurationError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
