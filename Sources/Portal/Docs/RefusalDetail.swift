import Applications
import Hummingbird
import Identity
import OAuth
import Pages
import Primitives
import Storage
import Web

/// One refusal of an app, as its own developers read it (docs/decisions/0016-explained-refusals.md).
struct RefusalDetail: Encodable, Sendable {
    let when, exactTime, appName, organisation, endpoint: String
    let appAddress: String?
    let statement, clause: String
    let parameter: String?
    let expected, received: String
    let hasCompare: Bool
    /// The app's redirect URIs as they are now, where the refusal is about one: the address itself has no room for all of them.
    let registered: [String]
    let hasRegistered: Bool
    let advice: String

    init(_ refusal: ExplainedRefusal, of app: App) {
        let second = refusal.refusedAt.secondOfDay % 60
        when = "\(refusal.refusedAt.dayAndClock):\(second < 10 ? "0" : "")\(second)"
        exactTime = refusal.refusedAt.rfc3339WithMilliseconds
        appName = app.name
        organisation = app.organisationName
        endpoint = refusal.endpoint.path
        appAddress = app.isRemoved ? nil : "/portal/apps/\(app.id)"
        statement = refusal.rule?.statement ?? refusal.code.title
        clause = refusal.rule?.clause ?? refusal.code.clause
        parameter = refusal.parameter
        expected = refusal.expected ?? "–"
        received = refusal.received ?? "Nothing"
        hasCompare = refusal.expected != nil || refusal.received != nil
        registered = refusal.rule == .registeredRedirectURI ? app.redirectURIs.map(\.text) : []
        hasRegistered = !registered.isEmpty
        advice = refusal.rule?.advice ?? refusal.code.advice
    }
}

/// What everybody else is told, whatever the address carries: nobody learns from this page whether a sealed text is one of ours.
struct HiddenRefusal: Encodable, Sendable {
    /// `nil` for somebody who is signed in.
    let signIn: String?
}

extension ErrorPages {
    /// The refusal that an `error_uri` carries, when a member of the organisation that owns the app asks.
    func refusal(in request: Request, of code: OAuthError.Code, _ context: AppContext) async throws -> (RefusalDetail?, HiddenRefusal?) {
        guard let sealed = request.query?[RefusalSeal.parameter] else { return (nil, nil) }
        guard let session = try await site.session(of: request, context) else {
            return (nil, HiddenRefusal(signIn: SignInAddress.comingBack(to: request.uri.description)))
        }
        guard let refusal = site.refusals.open(sealed, at: context.receivedAt), refusal.code == code,
            let app = try await app(of: refusal, seenBy: session.person.id)
        else { return (nil, HiddenRefusal(signIn: nil)) }
        return (RefusalDetail(refusal, of: app), nil)
    }

    private func app(of refusal: ExplainedRefusal, seenBy person: PersonID) async throws -> App? {
        try await site.database.read { [site] tx in
            guard let app = try site.apps.find(refusal.appID, in: tx) else { return nil }
            return try site.memberships.role(of: person, in: app.organisationID, in: tx) == nil ? nil : app
        }
    }
}
