public import Applications
public import OAuth

/// Why a request gets a page and no redirect: there is no address that we may trust (RFC 6749 §4.1.2.1).
public struct AuthorizationPageError: Error, Sendable {
    public enum Kind: Hashable, Sendable {
        /// A query or form that cannot be decoded.
        case malformedRequest
        case missingClientID
        case unknownClient
        case removedApp
        case heldApp
        case redirectURI(RedirectTarget.Refusal)
        /// A pushed request that expired, was answered, or is another app's.
        case requestURI
        case requestObject(OAuthError)
        /// A request object and a reference to one at once.
        case requestAndReference
    }

    public let kind: Kind
    /// The app, once it is known.
    public let app: App?
    /// Where it is explained to the app's developers; a customer's page shows neither what was sent nor what is registered.
    public let explainedAt: String?

    public init(_ kind: Kind) {
        self.kind = kind
        app = nil
        explainedAt = nil
    }

    init(_ kind: Kind, of app: App, _ sent: RequestParameters, _ errors: ErrorAddresses.Of) {
        self.kind = kind
        self.app = app
        explainedAt = kind.error(of: app, sent).map(errors.address)
    }

    /// What the customer reads as the heading.
    public var title: String {
        switch kind {
        case .malformedRequest, .missingClientID, .requestObject, .requestAndReference: "This link is not complete"
        case .requestURI: "This link has expired"
        case .unknownClient: "We do not know this app"
        case .removedApp: "This app is no longer connected to us"
        case .heldApp: "This app is paused"
        case .redirectURI: "We cannot send you back to this app"
        }
    }

    /// One or two sentences for the customer.
    public var explanation: String {
        switch kind {
        case .requestURI: "The app began this a while ago, or it was answered already. Nothing more was shared. Go back to the app and start again."
        case .malformedRequest, .missingClientID, .requestObject, .requestAndReference:
            "The app sent you here with a request that we cannot read. Nothing was shared. Go back to the app and try again."
        case .unknownClient: "An app sent you here, but no app is registered under the name it gave. Nothing was shared."
        case .removedApp: "The app that sent you here was removed. Nothing was shared."
        case .heldApp: "The app that sent you here has to confirm its connection to us. Nothing was shared. Try again later."
        case .redirectURI: "The app asked us to send you to an address that it has not registered. Nothing was shared. Go back to the app and try again."
        }
    }

    /// One sentence for the app's developer.
    public var developerHint: String {
        switch kind {
        case .malformedRequest: "The query is not application/x-www-form-urlencoded UTF-8."
        case .missingClientID: "Send client_id exactly once."
        case .unknownClient: "The client_id is not registered; copy it from the app's page in the portal."
        case .removedApp: "The app was removed in the portal."
        case .heldApp: "The platform was restored from a backup: open the app's page in the portal and confirm the app."
        case .requestURI: "invalid_request_uri: a request_uri works for 90 seconds, for the app that pushed it, until it is answered. Push the request again."
        case .requestObject(let error): "\(error.code.rawValue): \(error.description)"
        case .requestAndReference: "invalid_request: \(OAuthError.requestAndReference.description)"
        case .redirectURI(.missing): "Send redirect_uri, also when only one is registered."
        case .redirectURI(.repeated): "Send redirect_uri exactly once."
        case .redirectURI(.notRegistered): "The redirect_uri must equal a registered one character by character; compare the two in the portal."
        }
    }
}

extension AuthorizationPageError.Kind {
    /// The refusal as the app would have been told of it, had there been an address to tell it to.
    fileprivate func error(of app: App, _ sent: RequestParameters) -> OAuthError? {
        switch self {
        case .malformedRequest, .missingClientID, .unknownClient: nil
        case .removedApp, .heldApp: .against(.appInUse, app.inactiveSentence)
        case .redirectURI(let refusal): refusal.error(of: app.registeredClient, received: sent["redirect_uri"])
        case .requestURI:
            .against(.pushedReference, "The request_uri is not one that waits.", received: .note("one that expired, was answered, or is another app's"))
        case .requestObject(let error): error
        case .requestAndReference: .requestAndReference
        }
    }
}

extension OAuthError {
    /// RFC 9101 §5
    static var requestAndReference: OAuthError {
        .against(.requestOrReference, "The parameters request and request_uri do not go together.", expected: "one of them", received: .note("both"))
    }
}
