import Applications
internal import HTTPTypes
import Hummingbird
import Pages
import Primitives
import Storage
import Web

/// `/portal/apps/{id}/remove`: whoever removes an app types its name first.
struct RemoveAppPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/apps/{id}/remove") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                show(try await site.app(context, of: developer), "", FormErrors(), developer, context)
            }
        }
        routes.post("/portal/apps/{id}/remove") { request, context in
            try await site.form(request, context) { (developer: Developer, form: Web.Parameters) in
                try await remove(try await site.app(context, of: developer), (form["name"] ?? "").trimmingWhitespace(), developer, context)
            }
        }
    }

    struct Model: Encodable {
        let app: AppHead
        let errors: ErrorSummary?
        let name: Field
    }

    private func show(_ app: App, _ name: String, _ errors: FormErrors, _ developer: Developer, _ context: AppContext, status: HTTPResponse.Status = .ok)
        -> Response
    {
        let model = Model(
            app: AppHead(app, tab: "keys", at: context.receivedAt), errors: errors.summary,
            name: .text("name", "Type the app’s name to confirm", value: name, hint: app.name, errors: errors, autocomplete: "off"))
        return site.pages.page(
            "portal/remove-app", model, shell: developer.shell("Remove \(app.name)", current: "apps", isError: !errors.isEmpty), status: status)
    }

    private func remove(_ app: App, _ name: String, _ developer: Developer, _ context: AppContext) async throws -> Response {
        guard name == app.name.trimmingWhitespace() else {
            var errors = FormErrors()
            errors.add(field: "name", name.isEmpty ? "Type the name of the app" : "Type the name exactly as it stands above")
            return show(app, name, errors, developer, context, status: .unprocessableContent)
        }
        let facts = RequestFacts(context)
        try await site.database.write { [site] tx in
            _ = try site.apps.remove(app.id, by: developer.actor, at: facts.now, requestID: facts.requestID, in: tx)
        }
        return .seeOther("/portal/apps?removed=1")
    }
}
