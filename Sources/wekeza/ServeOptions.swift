import ArgumentParser
import Backends
import Composition
import Mail
import Primitives
import Web

/// The flags of `wekeza serve`, which `wekeza doctor` takes too.
struct ServeOptions: ParsableArguments {
    @OptionGroup var setup: SetupOptions

    @Option(help: "The address to listen on. [WEKEZA_HOST, default localhost]")
    var host: String?

    @Option(help: "The port of the public listener. [WEKEZA_PORT, default 8080]")
    var port: String?

    @Option(help: "The port of the operations listener on 127.0.0.1: /metrics, /healthz, /readyz, /sockets. [WEKEZA_OPS_PORT, default 9090]")
    var opsPort: String?

    @Option(help: "The public base address, which is the issuer of tokens. [WEKEZA_ISSUER, default http://HOST:PORT]")
    var issuer: String?

    @Option(help: "A PEM file with the server's certificate chain: the public listener speaks HTTPS. [WEKEZA_TLS_CERT, default none]")
    var tlsCert: String?

    @Option(help: "A PEM file with the key of that certificate. [WEKEZA_TLS_KEY, default none]")
    var tlsKey: String?

    @Option(
        help: """
            The port of the listener that asks for a client certificate, with the certificate of --tls-cert, or in demo mode one that is made under \
            DATA/tls; off for none. [WEKEZA_TLS_PORT, default 8443]
            """)
    var tlsPort: String?

    @Option(
        help: """
            Where that listener, or a proxy that passes Client-Cert, is reached from outside: https:// with a host and perhaps a port. [WEKEZA_MTLS_BASE, \
            default https://, the issuer's host and the port]
            """)
    var mtlsBase: String?

    @Option(help: "A PEM file of the authorities whose client certificates are believed. [WEKEZA_CLIENT_CA, default none but the sandbox's own]")
    var clientCA: String?

    @Option(help: "A folder of what these authorities revoked, read again when it changes; without it nobody asks. [WEKEZA_CRL_DIR, default none]")
    var crlDir: String?

    @Option(
        help: ArgumentHelp(
            "A JSON file of the issuers whose software statements let apps register themselves, and for whom. [WEKEZA_SOFTWARE_STATEMENT_ISSUERS, default none]",
            valueName: "file"))
    var softwareStatementIssuers: String?

    @Option(help: "The base address of the core banking system behind live apps' reads; their payments have none. [WEKEZA_UPSTREAM, default none]")
    var upstream: String?

    @Option(
        help: "The proxies whose X-Forwarded-For is believed: addresses and networks, separated by commas. [WEKEZA_TRUSTED_PROXIES, default none]")
    var trustedProxies: String?

    @Option(
        help:
            "The proxies whose Client-Cert is believed, of which each removes that field from what comes in: addresses and networks, separated by commas. [WEKEZA_CLIENT_CERT_PROXIES, default none]"
    )
    var clientCertProxies: String?

    @Option(help: "How many connections to PostgreSQL are opened at most. [WEKEZA_DATABASE_CONNECTIONS, default 8]")
    var databaseConnections: String?

    @Option(help: "How many days a key signs tokens before the next one takes over. [WEKEZA_KEY_LIFETIME_DAYS, default 30]")
    var keyLifetimeDays: String?

    @Option(
        help: "How long, in seconds, a stop waits for a balancer to see /readyz answer 503 before no connection is accepted. [WEKEZA_DRAIN_SECONDS, default 0]")
    var drainSeconds: String?

    @Flag(help: "Seed and serve the demo world: fake customers, a developer, /demo. Never for real customers. [WEKEZA_DEMO, default off]")
    var demo = false

    func configuration(environment: [String: String]) throws -> Configuration {
        var configuration = try setup.configuration(environment: environment)
        configuration.demo = try demo || Self.flag(environment[.demo], named: "WEKEZA_DEMO")
        configuration.host = host ?? environment[.host] ?? configuration.host
        configuration.port = try Self.port(port ?? environment[.port], named: "--port") ?? configuration.port
        configuration.opsPort = try Self.port(opsPort ?? environment[.opsPort], named: "--ops-port") ?? configuration.opsPort
        configuration.tls = try tls(environment)
        let scheme = configuration.tls == nil ? "http" : "https"
        let address = issuer ?? environment[.issuer] ?? "\(scheme)://\(configuration.host):\(configuration.port)"
        guard let parsed = Issuer(address) else {
            throw ConfigurationError("--issuer must be http:// or https:// with a host and perhaps a port, without a path, not \(address).")
        }
        configuration.issuer = parsed
        configuration.clientAuthorities = clientCA ?? environment[.clientAuthorities]
        configuration.revocationLists = crlDir ?? environment[.revocationLists]
        guard configuration.revocationLists == nil || configuration.clientAuthorities != nil else {
            throw ConfigurationError("--crl-dir says what the authorities of --client-ca revoked: name them too.")
        }
        configuration.statementIssuers = softwareStatementIssuers ?? environment[.softwareStatementIssuers]
        configuration.upstream = try coreBank(environment)
        configuration.trustedProxies = try Self.proxies(trustedProxies ?? environment[.trustedProxies], named: "--trusted-proxies")
        configuration.certificateProxies = try Self.proxies(
            clientCertProxies ?? environment[.clientCertProxies], named: "--client-cert-proxies")
        configuration.mutualTLSPort = try mutualTLSPort(environment, configuration)
        configuration.isMutualTLSPortNamed = configuration.tls != nil || tlsPort != nil || environment[.tlsPort] != nil
        configuration.mutualTLSBase = try mutualTLSBase(environment, configuration)
        configuration.mail = try mail(environment)
        configuration.keyLifetime = try Self.days(keyLifetimeDays ?? environment[.keyLifetimeDays]) ?? configuration.keyLifetime
        configuration.databaseConnections =
            try Self.connections(databaseConnections ?? environment[.databaseConnections]) ?? configuration.databaseConnections
        configuration.drain = try Self.seconds(drainSeconds ?? environment[.drainSeconds], named: "--drain-seconds") ?? .zero
        return configuration
    }

    private func tls(_ environment: [String: String]) throws -> Configuration.TLSFiles? {
        switch (tlsCert ?? environment[.tlsCert], tlsKey ?? environment[.tlsKey]) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return .init(certificate: certificate, key: key)
        default: throw ConfigurationError("--tls-cert and --tls-key go together: name both files.")
        }
    }

    private func mutualTLSPort(_ environment: [String: String], _ configuration: Configuration) throws -> Int? {
        let text = tlsPort ?? environment[.tlsPort]
        if text == "off" { return nil }
        guard configuration.tls != nil || configuration.demo else {
            guard text == nil else { throw ConfigurationError("--tls-port needs a certificate: name it with --tls-cert and --tls-key.") }
            return nil
        }
        return try Self.port(text, named: "--tls-port", orElse: "a number from 0 to 65535 or off") ?? 8443
    }

    private func mutualTLSBase(_ environment: [String: String], _ configuration: Configuration) throws -> MutualTLSBase? {
        guard let text = mtlsBase ?? environment[.mutualTLSBase] else {
            return configuration.mutualTLSPort.map { MutualTLSBase(of: configuration.issuer, port: $0) }
        }
        guard let base = MutualTLSBase(text) else {
            throw ConfigurationError("--mtls-base must be https:// with a host and perhaps a port, without a path, not \(text).")
        }
        guard configuration.mutualTLSPort != nil || !configuration.certificateProxies.isEmpty else {
            throw ConfigurationError(
                "--mtls-base needs a listener (--tls-cert and --tls-key), or a proxy that tells what certificate it saw (--client-cert-proxies).")
        }
        return base
    }

    private func coreBank(_ environment: [String: String]) throws -> BackendAddress? {
        guard let text = upstream ?? environment[.upstream] else { return nil }
        guard let address = BackendAddress(text) else {
            throw ConfigurationError("--upstream must be the http:// or https:// address of the core banking system, not \(text).")
        }
        return address
    }

    private func mail(_ environment: [String: String]) throws -> SMTPSettings? {
        guard let url = environment[.smtpURL] else { return nil }
        let settings = SMTPSettings(
            url: url, user: environment[.smtpUser], password: environment[.smtpPassword].map { Secret($0) },
            from: environment[.mailFrom] ?? "")
        guard let settings else {
            throw ConfigurationError(
                "WEKEZA_SMTP_URL must be smtp:// or smtps:// with a host and perhaps a port, and WEKEZA_MAIL_FROM the address that mail comes from.")
        }
        return settings
    }

    private static func proxies(_ text: String?, named name: String) throws -> TrustedProxies {
        try TrustedProxies(
            (text ?? "").split { $0 == "," || $0 == " " }.map { entry in
                guard let network = IPNetwork(String(entry)) else {
                    throw ConfigurationError("\(name) must name IP addresses and networks such as 127.0.0.1,10.0.0.0/8, not \(entry).")
                }
                guard !network.isEverything else {
                    throw ConfigurationError("\(name) must name the proxies alone: with \(entry) every client could say that it is another one.")
                }
                return network
            })
    }

    private static func port(_ text: String?, named name: String, orElse form: String = "a number from 0 to 65535") throws -> Int? {
        guard let text else { return nil }
        guard let port = Int(text), (0...65535).contains(port) else {
            throw ConfigurationError("\(name) must be \(form), not \(text).")
        }
        return port
    }

    private static func connections(_ text: String?) throws -> Int? {
        guard let text else { return nil }
        guard let connections = Int(text), (1...500).contains(connections) else {
            throw ConfigurationError("--database-connections must be a number from 1 to 500, not \(text).")
        }
        return connections
    }

    private static func days(_ text: String?) throws -> Duration? {
        guard let text else { return nil }
        guard let days = Int64(text), (1...3650).contains(days) else {
            throw ConfigurationError("--key-lifetime-days must be a number from 1 to 3650, not \(text).")
        }
        return .days(days)
    }

    private static func seconds(_ text: String?, named name: String) throws -> Duration? {
        guard let text else { return nil }
        guard let seconds = Int(text), (0...300).contains(seconds) else {
            throw ConfigurationError("\(name) must be a number of seconds from 0 to 300, not \(text).")
        }
        return .seconds(seconds)
    }

    private static func flag(_ text: String?, named name: String) throws -> Bool {
        switch text {
        case nil, "0", "false", "": return false
        case "1", "true": return true
        default: throw ConfigurationError("\(name) must be 1 or 0, not \(text ?? "").")
        }
    }
}
