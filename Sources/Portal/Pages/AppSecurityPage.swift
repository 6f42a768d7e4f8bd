import Applications
internal import HTTPTypes
import Hummingbird
import Identity
import OAuth
import Pages
import Primitives
import Storage
import Web

/// `/portal/apps/{id}/security`: the rules that an app follows, how it proves itself, and its public keys.
struct AppSecurityPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/apps/{id}/security") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                let app = try await site.app(context, of: developer)
                return show(app, SecurityForm(app), FormErrors(), developer, context)
            }
        }
        routes.post("/portal/apps/{id}/security") { request, context in
            try await site.form(request, context, lists: SecurityForm.lists) { (developer: Developer, form: Web.Parameters) in
                let app = try await site.app(context, of: developer)
                return try await save(app, SecurityForm(form, for: app), developer, context)
            }
        }
    }

    struct Model: Encodable {
        let app: AppHead
        let errors: ErrorSummary?
        let profile: Choices
        /// Not of an app that keeps no secret.
        let method: Choices?
        let keys, keysAddress: Field
        let subjectKind, subject: Field?
        let binding, requests: Choices
        let algorithms: [Field]
    }

    private func show(
        _ app: App, _ form: SecurityForm, _ errors: FormErrors, _ developer: Developer, _ context: AppContext, status: HTTPResponse.Status = .ok
    ) -> Response {
        let model = Model(
            app: AppHead(app, tab: "keys", at: context.receivedAt), errors: errors.summary, profile: form.profileChoices(errors),
            method: app.isPublic && errors["auth_method"] == nil ? nil : form.methodChoices(of: app, errors), keys: form.keysField(errors),
            keysAddress: form.keysAddressField(errors), subjectKind: app.isPublic ? nil : form.subjectKindField(errors),
            subject: app.isPublic ? nil : form.subjectField(errors), binding: form.bindingChoices(of: app, errors), requests: form.requestChoices(errors),
            algorithms: form.algorithmFields(errors))
        let shell = developer.shell("Security of \(app.name)", current: "apps", isError: !errors.isEmpty)
        return site.pages.page("portal/app-security", model, shell: shell, status: status)
    }

    private func save(_ app: App, _ form: SecurityForm, _ developer: Developer, _ context: AppContext) async throws -> Response {
        let change: AppChange
        switch form.read(for: app) {
        case .sound(let read): change = read
        case .mistakes(let errors): return show(app, form, errors, developer, context, status: .unprocessableContent)
        }
        let facts = RequestFacts(context)
        let outcome = try await site.database.write { [site] tx in
            try site.apps.secure(app.id, change, by: developer.actor, at: facts.now, requestID: facts.requestID, in: tx)
        }
        switch outcome {
        case .success((let app, let secret?)):
            var response = Response.seeOther("/portal/apps/\(app.id)/secret")
            try site.shownOnce.put(secret, of: app.id.rawValue, for: developer.session.id, at: context.receivedAt, on: &response)
            return response
        case .success((let app, nil)): return .seeOther("/portal/apps/\(app.id)?saved=1")
        case .failure(.notFound): throw PortalRefusal.notFound
        case .failure(let refusal):
            var errors = FormErrors()
            errors.add(field: app.isPublic ? "profile" : "auth_method", refusal.message)
            return show(app, form, errors, developer, context, status: .unprocessableContent)
        }
    }
}
