import Applications
internal import HTTPTypes
import Hummingbird
import OAuth
import Pages
import Primitives
import Storage
import Web

/// What the page of an app says of its own registration.
struct SelfRegistration: Encodable, Sendable {
    /// By what leave it came.
    let leave: String
    let made: String
    /// Its token still reads, changes and removes it.
    let isInItsHands: Bool

    init(_ registration: AppRegistration, by token: InitialAccessToken?) {
        leave =
            switch registration.origin {
            case .open: "Without an initial access token"
            case .initialAccessToken: token.map { "With the initial access token \($0.name)" } ?? "With an initial access token that no longer exists"
            case .softwareStatement: "By a software statement of \(registration.softwareStatement?.issuer ?? "an issuer")"
            case .commandLine: "By the operator, on the command line"
            }
        made = registration.createdAt.day
        isInItsHands = !registration.isRevoked
    }
}

extension PortalSite {
    /// - Returns: `nil` for an app that somebody made by hand.
    func selfRegistration(of app: App) async throws -> SelfRegistration? {
        try await database.read { [registrations, registrationTokens] tx in
            guard let registration = try registrations.find(of: app.id, in: tx) else { return nil }
            let token = try registration.initialAccessToken.flatMap { try registrationTokens.find($0, in: tx) }
            return SelfRegistration(registration, by: token)
        }
    }
}

/// `/portal/apps/{id}/registration/revoke`: takes an app its registration access token; it works on.
struct SelfRegistrationPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/apps/{id}/registration/revoke") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                let app = try await site.app(context, of: developer)
                guard try await site.selfRegistration(of: app)?.isInItsHands == true else { throw PortalRefusal.notFound }
                let model = Model(app: AppHead(app, tab: "keys", at: context.receivedAt))
                return site.pages.page("portal/revoke-self-registration", model, shell: developer.shell("Take over \(app.name)", current: "apps"))
            }
        }
        routes.post("/portal/apps/{id}/registration/revoke") { request, context in
            try await site.form(request, context) { (developer: Developer, _: Web.Parameters) in
                let app = try await site.app(context, of: developer)
                let facts = RequestFacts(context)
                try await site.database.write { [site] tx in
                    _ = try site.registrations.revokeToken(of: app.id, by: developer.actor, at: facts.now, requestID: facts.requestID, in: tx)
                }
                return .seeOther("/portal/apps/\(app.id)?saved=1")
            }
        }
    }

    struct Model: Encodable {
        let app: AppHead
    }
}
