import Events
internal import HTTPTypes
import Hummingbird
import Identity
import Mail
import Pages
import Primitives
import Storage
import Web

/// `/portal/forgotten-password`: says the same whether the address is known or not.
struct ForgottenPasswordPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/forgotten-password") { request, context in
            try await site.page(request, context) { (visitor: Visitor) in show("", FormErrors(), visitor) }
        }
        routes.post("/portal/forgotten-password") { request, context in
            try await site.form(request, context) { (visitor: Visitor, form: Web.Parameters) in
                try await send((form["email"] ?? "").trimmingWhitespace(), visitor, context)
            }
        }
        routes.get("/portal/forgotten-password/sent") { request, context in
            try await site.page(request, context) { (visitor: Visitor) in
                let notice = Notice(
                    "Check your mail", "If the address you entered belongs to an account, a link to choose a new password is on its way to it.",
                    paragraphs: ["The link works once, for 30 minutes. Nothing there? Look in the spam folder, or check the address and ask again."],
                    actions: (site.isDemo ? [.init("Open the demo mailbox", "/demo/mailbox")] : []) + [
                        .init("Ask again", "/portal/forgotten-password", isPrimary: false)
                    ])
                return site.pages.notice(notice, shell: visitor.shell("Check your mail"))
            }
        }
    }

    struct Model: Encodable {
        let errors: ErrorSummary?
        let email: Field
    }

    private func show(_ email: String, _ errors: FormErrors, _ visitor: Visitor, status: HTTPResponse.Status = .ok) -> Response {
        let model = Model(errors: errors.summary, email: .email("email", "Work email", value: email, hint: "The one you signed up with.", errors: errors))
        return site.pages.page("portal/forgotten-password", model, shell: visitor.shell("Choose a new password", isError: !errors.isEmpty), status: status)
    }

    private func send(_ text: String, _ visitor: Visitor, _ context: AppContext) async throws -> Response {
        var errors = FormErrors()
        if text.isEmpty { errors.add(field: "email", "Enter your work email") }
        let email = EmailAddress(text)
        if email == nil { errors.add(field: "email", "Enter an email address in the form name@company.com") }
        guard let email, errors.isEmpty else { return show(text, errors, visitor, status: .unprocessableContent) }
        if let wait = site.passwordResetPace.wait(context.clientAddress, at: context.receivedAt).map(Wait.init) {
            errors.add(field: "email", "Too many links were asked for from your network. Try again in \(wait.words).")
            var response = show(text, errors, visitor, status: .tooManyRequests)
            response.headers[.retryAfter] = String(wait.seconds)
            return response
        }
        let facts = RequestFacts(context)
        let person = try await site.database.write { [site] tx -> Person? in
            guard try MailLimit().admits(email.text, for: .passwordReset, at: facts.now, in: tx) else { return nil }
            return try site.people.find(signInName: email.text, population: .developer, in: tx)
        }
        if let person { site.sendResetLink(to: person, facts) }
        return .seeOther("/portal/forgotten-password/sent")
    }
}

extension PortalSite {
    /// What only a known address costs is done behind the answer, with the mail: the time it takes tells nothing. An unknown one leaves nothing in the audit
    /// log, which keeps everything: strangers could fill it.
    fileprivate func sendResetLink(to person: Person, _ facts: RequestFacts) {
        outgoing.send(at: facts.now) { [database, links] in
            try await database.write { tx -> Letter? in
                try AuditLog().append(
                    AuditEntry(actor: .system, action: .passwordResetAsked, subject: person.id.rawValue, requestID: facts.requestID, at: facts.now), in: tx)
                guard person.isActive else { return nil }
                return .passwordReset(to: person, link: try links.issue(.resetPassword, for: person.id, at: facts.now, in: tx), issuer: facts.issuer)
            }
        }
    }
}
