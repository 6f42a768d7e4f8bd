import Applications
import OAuth

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

    subscript(method: ClientAuthenticationMethod) -> (any ClientAuthenticator)? { all.first { $0.method == method } }
}
