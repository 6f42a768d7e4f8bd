/// The variables that the program reads. That of a flag has the flag's name with `WEKEZA_` in front.
public enum EnvironmentVariable: String, CaseIterable, Sendable {
    case assets = "WEKEZA_ASSETS"
    case clientAuthorities = "WEKEZA_CLIENT_CA"
    case clientCertProxies = "WEKEZA_CLIENT_CERT_PROXIES"
    case data = "WEKEZA_DATA"
    case database = "WEKEZA_DATABASE"
    case databaseConnections = "WEKEZA_DATABASE_CONNECTIONS"
    case demo = "WEKEZA_DEMO"
    case drainSeconds = "WEKEZA_DRAIN_SECONDS"
    case host = "WEKEZA_HOST"
    case issuer = "WEKEZA_ISSUER"
    case keyLifetimeDays = "WEKEZA_KEY_LIFETIME_DAYS"
    case logLevel = "WEKEZA_LOG_LEVEL"
    case mailFrom = "WEKEZA_MAIL_FROM"
    case masterKey = "WEKEZA_MASTER_KEY"
    case mutualTLSBase = "WEKEZA_MTLS_BASE"
    case opsPort = "WEKEZA_OPS_PORT"
    case port = "WEKEZA_PORT"
    case revocationLists = "WEKEZA_CRL_DIR"
    case smtpPassword = "WEKEZA_SMTP_PASSWORD"
    case smtpURL = "WEKEZA_SMTP_URL"
    case smtpUser = "WEKEZA_SMTP_USER"
    case softwareStatementIssuers = "WEKEZA_SOFTWARE_STATEMENT_ISSUERS"
    case tlsCert = "WEKEZA_TLS_CERT"
    case tlsKey = "WEKEZA_TLS_KEY"
    case tlsPort = "WEKEZA_TLS_PORT"
    case trustedProxies = "WEKEZA_TRUSTED_PROXIES"
    case upstream = "WEKEZA_UPSTREAM"
}

extension [String: String] {
    /// What an environment says of a variable.
    public subscript(variable: EnvironmentVariable) -> String? { self[variable.rawValue] }
}
