public import OAuth
public import Primitives

/// What an app is made of. What is left out follows from its kind.
public struct NewApp: Sendable {
    public var organisationID: OrganisationID
    public var name: String
    public var purpose: String?
    public var kind: AppKind
    public var environment: AppEnvironment
    public var profile: SecurityProfile
    public var redirectURIs: [RedirectURI]
    /// From where it may call; empty for anywhere.
    public var allowedNetworks: [IPNetwork]
    public var grantTypes: Set<GrantType>
    public var scopes: ScopeSet
    public var authenticationMethod: ClientAuthenticationMethod
    public var metadata: ClientMetadata
    /// `app-` and 16 random letters and digits unless given.
    public var clientID: ClientID?
    /// A random id unless given.
    public var id: AppID?
    /// Its first secret, where the demo world must know it beforehand; drawn at random when `nil`.
    public var secret: Secret?

    public init(
        organisationID: OrganisationID, name: String, purpose: String? = nil, kind: AppKind, environment: AppEnvironment = .sandbox,
        profile: SecurityProfile = .oauth21, redirectURIs: [RedirectURI] = [], allowedNetworks: [IPNetwork] = [], grantTypes: Set<GrantType>? = nil,
        scopes: ScopeSet? = nil,
        authenticationMethod: ClientAuthenticationMethod? = nil, metadata: ClientMetadata = ClientMetadata(), clientID: ClientID? = nil, id: AppID? = nil,
        secret: Secret? = nil
    ) {
        self.organisationID = organisationID
        self.name = name
        self.purpose = purpose
        self.kind = kind
        self.environment = environment
        self.profile = profile
        self.redirectURIs = redirectURIs
        self.allowedNetworks = allowedNetworks
        self.grantTypes = grantTypes ?? kind.defaultGrantTypes
        self.scopes = scopes ?? self.grantTypes.defaultScopes
        self.authenticationMethod = authenticationMethod ?? kind.defaultAuthenticationMethod
        self.metadata = metadata
        self.clientID = clientID
        self.id = id
        self.secret = secret
    }
}

/// What may change about an app; `nil` stays.
public struct AppChange: Sendable {
    public var name: String?
    /// The outer optional says whether it changes.
    public var purpose: String??
    public var redirectURIs: [RedirectURI]?
    public var allowedNetworks: [IPNetwork]?
    public var scopes: ScopeSet?
    public var kind: AppKind?
    public var grantTypes: Set<GrantType>?
    public var profile: SecurityProfile?
    public var authenticationMethod: ClientAuthenticationMethod?
    public var metadata: ClientMetadata?
    /// Of the pages named here; `nil` takes one away.
    public var pages: [ClientMetadata.Page: String?]

    public init(
        name: String? = nil, purpose: String?? = nil, redirectURIs: [RedirectURI]? = nil, allowedNetworks: [IPNetwork]? = nil, scopes: ScopeSet? = nil,
        kind: AppKind? = nil, grantTypes: Set<GrantType>? = nil, profile: SecurityProfile? = nil, authenticationMethod: ClientAuthenticationMethod? = nil,
        metadata: ClientMetadata? = nil, pages: [ClientMetadata.Page: String?] = [:]
    ) {
        self.name = name
        self.purpose = purpose
        self.redirectURIs = redirectURIs
        self.allowedNetworks = allowedNetworks
        self.scopes = scopes
        self.kind = kind
        self.grantTypes = grantTypes
        self.profile = profile
        self.authenticationMethod = authenticationMethod
        self.metadata = metadata
        self.pages = pages
    }
}

/// Why an app, or a change of one, is refused.
public enum AppRefusal: Error, Hashable, Sendable {
    case nameMissing, nameTooLong, nameUnseen, purposeTooLong, purposeUnseen
    case redirectURIMissing, tooManyRedirectURIs, redirectURITwice(String)
    case tooManyNetworks, networkTwice(String), networksOfPublicApp
    case clientIDTaken, tooManyApps
    /// Grant types that do not go together, or not with the method; the text says which.
    case grantTypes(String)
    /// Profile, method and metadata that contradict each other; the text says which.
    case contradiction(String)
    case notFound
    case publicApp, tooManySecrets, lastSecret

    public var message: String {
        switch self {
        case .nameMissing: "Enter a name for the app"
        case .nameTooLong: "Use at most 60 characters for the name"
        case .nameUnseen: "Use only characters that can be seen in the name, on one line"
        case .purposeTooLong: "Use at most 200 characters for what the app does"
        case .purposeUnseen: "Use only characters that can be seen for what the app does, on one line"
        case .redirectURIMissing: "Enter at least one redirect URI"
        case .tooManyRedirectURIs: "Enter at most 40 redirect URIs"
        case .redirectURITwice(let text): "\(text) stands here twice"
        case .tooManyNetworks: "Enter at most 100 allowed addresses"
        case .networkTwice(let text): "\(text) stands here twice"
        case .networksOfPublicApp:
            "Leave the allowed addresses out: an app without a secret runs on its customers’ devices and calls from wherever they are"
        case .clientIDTaken: "Choose another client id: this one is taken"
        case .tooManyApps: "Remove an app first: an organisation has 1,000 at most"
        case .grantTypes(let text), .contradiction(let text): text
        case .notFound: "There is no such app"
        case .publicApp: "Apps in a browser or on a device have no secret"
        case .tooManySecrets: "Revoke one secret first: an app has at most two"
        case .lastSecret: "Add a new secret first: an app needs one"
        }
    }
}

extension NewApp {
    static let maximumPurposeLength = 200
    static let maximumRedirectURIs = 40
    static let maximumNetworks = 100

    /// The first rule this app breaks.
    var refusal: AppRefusal? {
        if let refusal = Self.refusal(name: name) ?? Self.refusal(purpose: purpose) { return refusal }
        let usesBrowser = grantTypes.contains(.authorizationCode)
        if let refusal = Self.refusal(redirectURIs: redirectURIs, required: usesBrowser) { return refusal }
        if let refusal = Self.refusal(allowedNetworks: allowedNetworks, isPublic: authenticationMethod == .none) { return refusal }
        if let refusal = Self.refusal(grantTypes: grantTypes, method: authenticationMethod) { return refusal }
        return SecurityContradiction.refusal(
            profile: profile, method: authenticationMethod, metadata: metadata, usesBrowser: usesBrowser)
    }

    public static func refusal(name: String) -> AppRefusal? {
        switch OneLine.refusal(of: name) {
        case nil: nil
        case .missing: .nameMissing
        case .tooLong: .nameTooLong
        case .unseen: .nameUnseen
        }
    }

    public static func refusal(purpose: String?) -> AppRefusal? {
        switch purpose.flatMap({ OneLine.refusal(of: $0, longest: maximumPurposeLength) }) {
        case nil, .missing: nil
        case .tooLong: .purposeTooLong
        case .unseen: .purposeUnseen
        }
    }

    static func refusal(redirectURIs: [RedirectURI], required: Bool) -> AppRefusal? {
        guard !required || !redirectURIs.isEmpty else { return .redirectURIMissing }
        guard redirectURIs.count <= maximumRedirectURIs else { return .tooManyRedirectURIs }
        var seen = Set<RedirectURI>()
        return redirectURIs.first { !seen.insert($0).inserted }.map { .redirectURITwice($0.text) }
    }

    static func refusal(grantTypes: Set<GrantType>, method: ClientAuthenticationMethod) -> AppRefusal? {
        guard !grantTypes.isEmpty else { return .grantTypes("Choose at least one grant type") }
        guard !grantTypes.contains(.refreshToken) || grantTypes.contains(.authorizationCode) else {
            return .grantTypes("Refresh tokens come with authorization codes: add authorization_code")
        }
        // RFC 6749 §4.4: client credentials are for confidential clients only.
        guard method != .none || !grantTypes.contains(.clientCredentials) else {
            return .grantTypes("Client credentials need an app that keeps a secret")
        }
        return nil
    }

    static func refusal(allowedNetworks: [IPNetwork], isPublic: Bool) -> AppRefusal? {
        guard !isPublic || allowedNetworks.isEmpty else { return .networksOfPublicApp }
        guard allowedNetworks.count <= maximumNetworks else { return .tooManyNetworks }
        var seen = Set<IPNetwork>()
        return allowedNetworks.first { !seen.insert($0).inserted }.map { .networkTwice("\($0)") }
    }
}
