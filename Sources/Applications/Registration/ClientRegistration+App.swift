public import OAuth
import Primitives

extension AppKind {
    /// What suits the metadata of a registration.
    public init(_ registration: ClientRegistration) {
        self =
            if !registration.grantTypes.contains(.authorizationCode) { .backend } else if registration.isNative {
                .native
            } else if registration
                .authenticationMethod == .none
            { .singlePage } else { .web }
    }
}

extension NewApp {
    /// The app of a registration: in the sandbox, as one that is made in the portal.
    public init(_ registration: ClientRegistration, by right: RegistrationRight) {
        let kind = AppKind(registration)
        self.init(
            organisationID: right.organisationID, name: registration.name ?? "", kind: kind, profile: right.profile,
            redirectURIs: registration.redirectURIs, grantTypes: registration.grantTypes, scopes: registration.scopes,
            authenticationMethod: registration.authenticationMethod, metadata: registration.metadata)
    }
}

extension AppChange {
    /// What is left out goes back to its default (RFC 7592 §2.2). Purpose, allowed addresses and profile are the organisation's affair and stay.
    public init(_ registration: ClientRegistration, of app: App) {
        self.init(
            name: registration.name ?? app.clientID.text, redirectURIs: registration.redirectURIs,
            scopes: registration.scopes ?? registration.grantTypes.defaultScopes,
            kind: AppKind(registration), grantTypes: registration.grantTypes, authenticationMethod: registration.authenticationMethod,
            metadata: registration.metadata)
    }
}
