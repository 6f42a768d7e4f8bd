import Applications
import OAuth
import Web

/// Every client-authentication method; the metadata lists them from here.
struct AllMethods: Sendable {
    let all: [any ClientAuthenticator]

    init(assertions: AssertionCheck, certificates: ClientCertificates) {
        all = [
            ClientSecretBasic(),
            ClientSecretPost(),
            PrivateKeyJWT(assertions: assertions),
            TLSClientAuth(certificates: certificates),
            SelfSignedTLSClientAuth(certificates: certificates),
            NoClientAuthentication(),
        ]
    }

    /// Those that a client can use here: a certificate needs a listener that asks for one.
    func usable(at addresses: ServerAddresses) -> [ClientAuthenticationMethod] {
        all.map(\.method).filter { addresses.mutualTLS != nil || !$0.usesCertificate }
    }

    subscript(method: ClientAuthenticationMethod) -> (any ClientAuthenticator)? { all.first { $0.method == method } }
}
