internal import HTTPTypes
import Hummingbird
import Identity
import Mail
import Pages
import Passwords
import Primitives
import Storage
import Web

/// `/portal/reset-password?token=…`: a new password, once for each link. Every session of the account ends with it.
struct ResetPasswordPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/reset-password") { request, context in
            try await site.page(request, context) { (visitor: Visitor) in
                let token = request.query?["token"] ?? ""
                guard let person = try await person(of: token, context) else { return expired(visitor) }
                return show(token, person, FormErrors(), visitor)
            }
        }
        routes.post("/portal/reset-password") { request, context in
            try await site.form(request, context) { (visitor: Visitor, form: Web.Parameters) in
                try await reset(form["token"] ?? "", to: form["password"] ?? "", visitor, context)
            }
        }
    }

    struct Model: Encodable {
        let errors: ErrorSummary?
        let token: String
        /// For the password manager, which files the new password under it.
        let username: String
        let password: Field
    }

    private func person(of token: String, _ context: AppContext) async throws -> Person? {
        let now = context.receivedAt
        return try await site.database.read { [site] tx in
            try site.renewal.person(of: token, at: now, in: tx)
        }
    }

    private func show(_ token: String, _ person: Person, _ errors: FormErrors, _ visitor: Visitor, status: HTTPResponse.Status = .ok) -> Response {
        let model = Model(
            errors: errors.summary, token: token, username: person.signInName,
            password: .password("password", "New password", hint: PasswordRules.hint, errors: errors, isNew: true))
        return site.pages.page("portal/reset-password", model, shell: visitor.shell("Choose a new password", isError: !errors.isEmpty), status: status)
    }

    private func reset(_ token: String, to password: String, _ visitor: Visitor, _ context: AppContext) async throws -> Response {
        guard let person = try await person(of: token, context) else { return expired(visitor) }
        if let refusal = PasswordRules().refusal(of: password, personal: [person.name, person.email ?? ""]) {
            var errors = FormErrors()
            errors.add(field: "password", refusal.message)
            return show(token, person, errors, visitor, status: .unprocessableContent)
        }
        let hash = try await site.passwords.hash(password)
        let facts = RequestFacts(context)
        let changed = try await site.database.write { [site] tx in
            try site.renewal.reset(with: token, passwordHash: hash, at: facts.now, requestID: facts.requestID, in: tx)
        }
        guard changed != nil else { return expired(visitor) }
        site.outgoing.send(.passwordChanged(to: person, issuer: context.issuer), at: context.receivedAt)
        var response = Response.seeOther("/portal/sign-in?reset=1")
        site.cookies.remove(Developer.cookie, from: &response)
        return response
    }

    private func expired(_ visitor: Visitor) -> Response {
        let notice = Notice(
            "This link does not work any more", "It was used, replaced by a newer one, or is older than 30 minutes.",
            actions: [.init("Ask for a new link", "/portal/forgotten-password"), .init("Sign in", "/portal/sign-in", isPrimary: false)])
        return site.pages.notice(notice, shell: visitor.shell(notice.heading), status: .gone)
    }
}
