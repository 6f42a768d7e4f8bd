import Applications
internal import HTTPTypes
import Hummingbird
import Pages
import Storage
import Web

/// `/portal/apps/{id}/confirm`: after the platform was restored from a backup, an owner of the organisation says that the app is still theirs. Not any member:
/// one who was removed since the backup is a member again.
struct ConfirmAppPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.post("/portal/apps/{id}/confirm") { request, context in
            try await site.form(request, context) { (developer: Developer, _: Web.Parameters) in
                guard developer.isOwner else { throw PortalRefusal.ownersOnly }
                let app = try await site.app(context, of: developer)
                let facts = RequestFacts(context)
                try await site.database.write { tx in
                    _ = try ApplicationsRestoration().confirm(app.id, by: developer.actor, at: facts.now, requestID: facts.requestID, in: tx)
                }
                return .seeOther("/portal/apps/\(app.id)?confirmed=1")
            }
        }
    }
}
