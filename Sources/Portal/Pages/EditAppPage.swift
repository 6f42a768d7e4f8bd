import Applications
internal import HTTPTypes
import Hummingbird
import Pages
import Primitives
import Storage
import Web

/// `/portal/apps/{id}/edit`: its name, its words and pages for customers, its redirect URIs, and from where it may call.
struct EditAppPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/apps/{id}/edit") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                let app = try await site.app(context, of: developer)
                return show(app, AppForm(app), FormErrors(), developer, context)
            }
        }
        routes.post("/portal/apps/{id}/edit") { request, context in
            try await site.form(request, context) { (developer: Developer, form: Web.Parameters) in
                try await save(try await site.app(context, of: developer), form, developer, context)
            }
        }
    }

    struct Model: Encodable {
        let app: AppHead
        let errors: ErrorSummary?
        let name, purpose, redirectURIs: Field
        /// Not of an app that keeps no secret.
        let allowedAddresses: Field?
        let pages: [Field]
    }

    private func show(_ app: App, _ form: AppForm, _ errors: FormErrors, _ developer: Developer, _ context: AppContext, status: HTTPResponse.Status = .ok)
        -> Response
    {
        // A list sent for an app that cannot have one is shown beside the reason.
        let hasAddresses = app.isConfidential || errors["allowed_addresses"] != nil
        let model = Model(
            app: AppHead(app, tab: "keys", at: context.receivedAt), errors: errors.summary, name: form.nameField(errors), purpose: form.purposeField(errors),
            redirectURIs: form.redirectURIsField(hint: "One on each line. An address that you take out stops working within a second.", errors),
            allowedAddresses: hasAddresses ? form.allowedAddressesField(seenFrom: context.client, errors) : nil,
            pages: form.pageFields(errors))
        return site.pages.page("portal/edit-app", model, shell: developer.shell("Edit \(app.name)", current: "apps", isError: !errors.isEmpty), status: status)
    }

    private func save(_ app: App, _ parameters: Web.Parameters, _ developer: Developer, _ context: AppContext) async throws -> Response {
        var form = AppForm(parameters)
        form.kind = app.kind
        form.allowedAddresses = parameters["allowed_addresses"]
        var errors = form.errors
        guard errors.isEmpty else { return show(app, form, errors, developer, context, status: .unprocessableContent) }
        let change = AppChange(
            name: form.name, purpose: .some(form.purpose.isEmpty ? nil : form.purpose), redirectURIs: form.parsedRedirectURIs,
            allowedNetworks: form.parsedNetworks,
            pages: form.parsedPages)
        let facts = RequestFacts(context)
        let outcome = try await site.database.write { [site] tx in
            try site.apps.update(app.id, change, by: developer.actor, at: facts.now, requestID: facts.requestID, in: tx)
        }
        switch outcome {
        case .success: return .seeOther("/portal/apps/\(app.id)?saved=1")
        case .failure(.notFound): throw PortalRefusal.notFound
        case .failure(let refusal):
            errors.add(field: refusal.field, refusal.message)
            return show(app, form, errors, developer, context, status: .unprocessableContent)
        }
    }
}
