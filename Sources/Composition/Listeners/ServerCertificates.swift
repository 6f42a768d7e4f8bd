internal import Primitives

/// The certificates of the two listeners that speak TLS: one pair of files serves both; in demo mode the second makes its own.
public struct ServerCertificates {
    /// `nil`: it speaks plain HTTP.
    let publicListener: ServerCertificate?
    /// `nil`: there is no such listener.
    let mutualTLS: ServerCertificate?

    /// - Throws: `ConfigurationError` when the files do not hold a certificate and its key.
    public init(_ configuration: Configuration, bench: Workbench) throws {
        publicListener = try configuration.tls.map { try ServerCertificate($0) }
        if configuration.mutualTLSPort == nil {
            mutualTLS = nil
        } else if let publicListener {
            mutualTLS = publicListener
        } else {
            let development = DevelopmentTLS(configuration, randomness: bench.randomness)
            try development.make(at: bench.clock.now)
            mutualTLS = try ServerCertificate(development.files)
        }
    }

    /// Each once.
    var all: [ServerCertificate] { [publicListener ?? mutualTLS].compactMap { $0 } }
}
