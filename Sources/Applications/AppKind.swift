public import OAuth
public import Storage

/// Where an app's code runs, which decides how it may prove itself and how it may obtain tokens.
public enum AppKind: String, CaseIterable, Sendable, Codable, SQLBindable, SQLReadable {
    /// A web server that keeps a secret and sends customers through a browser.
    case web
    /// Code in a browser: keeps no secret.
    case singlePage = "single_page"
    /// Code on a phone or a desk: keeps no secret.
    case native
    /// A server without customers of its own.
    case backend

    public var title: String {
        switch self {
        case .web: "Web server"
        case .singlePage: "Single-page app"
        case .native: "Native app"
        case .backend: "Backend only"
        }
    }

    public var defaultGrantTypes: Set<GrantType> {
        switch self {
        case .web: [.authorizationCode, .refreshToken, .clientCredentials]
        case .singlePage, .native: [.authorizationCode, .refreshToken]
        case .backend: [.clientCredentials]
        }
    }

    public var defaultAuthenticationMethod: ClientAuthenticationMethod {
        switch self {
        case .web, .backend: .clientSecretBasic
        case .singlePage, .native: .none
        }
    }

    public var needsRedirectURI: Bool { self != .backend }
}

/// Which bank answers.
public enum AppEnvironment: String, CaseIterable, Sendable, Codable, SQLBindable, SQLReadable {
    case sandbox
    case live
}
