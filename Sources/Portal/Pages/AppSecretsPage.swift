import Applications
internal import HTTPTypes
import Hummingbird
import Identity
import OAuth
import Pages
import Primitives
import Storage
import Web

/// An app's secrets: showing a new one once, adding a second, revoking one after a question.
struct AppSecretsPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/apps/{id}/secret") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await showOnce(developer, request, context) }
        }
        routes.post("/portal/apps/{id}/secrets") { request, context in
            try await site.form(request, context) { (developer: Developer, form: Web.Parameters) in try await add(form["once"], developer, context) }
        }
        routes.get("/portal/apps/{id}/secrets/{secret}/revoke") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await ask(developer, context) }
        }
        routes.post("/portal/apps/{id}/secrets/{secret}/revoke") { request, context in
            try await site.form(request, context) { (developer: Developer, _) in try await revoke(developer, context) }
        }
    }

    struct ShownModel: Encodable {
        let app: AppHead
        let clientID, secret: String
        let isFirst: Bool
        let sample: Code
    }

    /// Takes the secret from the browser's cookie and the cookie from the browser.
    private func showOnce(_ developer: Developer, _ request: Request, _ context: AppContext) async throws -> Response {
        let app = try await site.app(context, of: developer)
        guard let secret = site.shownOnce.take(of: app.id.rawValue, for: developer.session.id, from: request, at: context.receivedAt) else {
            var shell = developer.shell("The secret was shown once", current: "apps")
            shell.width = .narrow
            let notice = Notice(
                "The secret was shown once", "We keep only a digest of it, so nobody can show it again.",
                paragraphs: ["If it is lost, add a second secret, move your servers to it, and revoke the first."],
                actions: [.init("Go to \(app.name)", "/portal/apps/\(app.id)")])
            return site.pages.notice(notice, shell: shell)
        }
        let values = SampleValues(app: app, issuer: context.issuer, randomness: site.randomness, at: context.receivedAt)
        let model = ShownModel(
            app: AppHead(app, tab: "keys", at: context.receivedAt), clientID: app.clientID.text, secret: secret.value, isFirst: app.secrets.count == 1,
            sample: Code(
                "Get a token with curl",
                """
                curl \(values.issuer)/oauth2/token \\
                  -u "\(values.clientID):\(secret.value)" \\
                  -d grant_type=client_credentials \\
                  -d scope=consents.write
                """))
        var response = site.pages.page("portal/app-secret", model, shell: developer.shell("Secret of \(app.name)", current: "apps"))
        site.shownOnce.forget(on: &response)
        return response
    }

    private func add(_ once: String?, _ developer: Developer, _ context: AppContext) async throws -> Response {
        let app = try await site.app(context, of: developer)
        let facts = RequestFacts(context)
        let added = try await site.database.write { [site] tx -> Result<Secret, AppRefusal>? in
            guard case .first = try site.forms.claim(once, by: developer.id, at: facts.now, in: tx) else { return nil }
            let added = try site.apps.addSecret(to: app.id, by: developer.actor, at: facts.now, requestID: facts.requestID, in: tx)
            try site.forms.settle(once, by: developer.id, outcome: app.id.rawValue, in: tx)
            return added.map(\.secret)
        }
        switch added {
        case .success(let secret)?:
            var response = Response.seeOther("/portal/apps/\(app.id)/secret")
            try site.shownOnce.put(secret, of: app.id.rawValue, for: developer.session.id, at: context.receivedAt, on: &response)
            return response
        case .failure(let refusal)?: throw PortalRefusal.conflict(heading: "No secret was added", lead: refusal.message + ".")
        case nil: return .seeOther("/portal/apps/\(app.id)/secret")
        }
    }

    struct RevokeModel: Encodable {
        let app: AppHead
        let id, hint, made, lastUsed: String
        let isInUse: Bool
    }

    private func ask(_ developer: Developer, _ context: AppContext) async throws -> Response {
        let app = try await site.app(context, of: developer)
        guard let secret = app.liveSecrets.first(where: { $0.id.rawValue == context.parameters.get("secret") }) else { throw PortalRefusal.notFound }
        let now = context.receivedAt
        let model = RevokeModel(
            app: AppHead(app, tab: "keys", at: now), id: secret.id.rawValue, hint: secret.hint, made: secret.createdAt.day,
            lastUsed: secret.lastUsedAt?.ago(seenAt: now) ?? "Never", isInUse: secret.lastUsedAt.map { now - $0 < .days(1) } ?? false)
        return site.pages.page("portal/revoke-secret", model, shell: developer.shell("Revoke a secret", current: "apps"))
    }

    private func revoke(_ developer: Developer, _ context: AppContext) async throws -> Response {
        let app = try await site.app(context, of: developer)
        guard let secret = context.parameters.get("secret").flatMap({ SecretID($0) }) else { throw PortalRefusal.notFound }
        let facts = RequestFacts(context)
        let outcome = try await site.database.write { [site] tx in
            try site.apps.revokeSecret(secret, of: app.id, by: developer.actor, at: facts.now, requestID: facts.requestID, in: tx)
        }
        switch outcome {
        case .success: return .seeOther("/portal/apps/\(app.id)?revoked=1")
        case .failure(.lastSecret): throw PortalRefusal.conflict(heading: "The secret was not revoked", lead: AppRefusal.lastSecret.message + ".")
        case .failure: throw PortalRefusal.notFound
        }
    }
}
