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
                let app = try await site.app(context, of: developer)
                let facts = RequestFacts(context)
                let outcome = try await site.database.write { tx in
                    try ApplicationsRestoration().confirm(
                        app.id, of: developer.organisation.id, by: developer.id, at: facts.now, requestID: facts.requestID, in: tx)
                }
                switch outcome {
                case .success: return .seeOther("/portal/apps/\(app.id)?confirmed=1")
                case .failure: throw PortalRefusal.ownersOnly
                }
            }
        }
    }
}
