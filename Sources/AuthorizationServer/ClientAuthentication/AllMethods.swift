/// Every client-authentication method; the metadata lists them from here.
enum AllMethods {
    static let all: [any ClientAuthenticator] = [
        ClientSecretBasic(),
        ClientSecretPost(),
        NoClientAuthentication(),
    ]
}
