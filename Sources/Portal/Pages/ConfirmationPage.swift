import Events
internal import HTTPTypes
import Hummingbird
import Identity
import Pages
import Primitives
import SecondFactorPages
import Storage
import Web

/// `/portal/confirm?token=…`: opening the link only shows a button, since mail scanners open links too; pressing it spends the link.
struct ConfirmationPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/confirm") { request, context in
            try await site.page(request, context) { (visitor: Visitor) in try await show(request.query?["token"] ?? "", visitor, context) }
        }
        routes.post("/portal/confirm") { request, context in
            try await site.form(request, context) { (visitor: Visitor, form: Web.Parameters) in
                try await confirm(form["token"] ?? "", request, visitor, context)
            }
        }
    }

    struct Model: Encodable {
        let token: String
        let email: String
    }

    private func show(_ token: String, _ visitor: Visitor, _ context: AppContext) async throws -> Response {
        let now = context.receivedAt
        let person = try await site.database.read { [site] tx in
            try site.links.person(of: token, .confirmEmail, at: now, in: tx).flatMap { try site.people.find($0, in: tx) }
        }
        guard let person, let email = person.email else { return expired(visitor) }
        return site.pages.page("portal/confirm", Model(token: token, email: email), shell: visitor.shell("Confirm your email"))
    }

    private func confirm(_ token: String, _ request: Request, _ visitor: Visitor, _ context: AppContext) async throws -> Response {
        let facts = RequestFacts(context)
        let person = try await site.database.write { [site] tx in
            try site.confirmation.confirm(token, at: facts.now, requestID: facts.requestID, in: tx)
        }
        guard let person, person.isActive else { return expired(visitor) }
        if visitor.session?.person.id == person.id { return .seeOther("/portal?confirmed=1") }
        // Only the browser that signed up knows whose password it is: a link alone signs nobody in, so an account that a stranger made with
        // your address stays the stranger's to sign in to, and yours to take over by a new password.
        // Nor does it stand for a second step.
        let hasFactor = try await site.database.readOne { [factors = site.factors.factors] in try factors.find(of: person.id, in: $0) } != nil
        guard !hasFactor, site.pendingSignUp.content(in: request, at: context.receivedAt)?.person == person.id else {
            return .seeOther("/portal/sign-in?confirmed=1")
        }
        var response = try await site.startSession(for: person, replacing: request, context, leadingTo: "/portal?confirmed=1")
        site.pendingSignUp.remove(from: &response)
        return response
    }

    private func expired(_ visitor: Visitor) -> Response {
        let notice = Notice(
            "This link does not work any more", "It was used, replaced by a newer one, or is older than 24 hours.",
            paragraphs: ["If you confirmed your email already, sign in. If not, sign in and ask for a new link on the overview page."],
            actions: [.init("Sign in", "/portal/sign-in"), .init("Create a sandbox account", "/portal/sign-up", isPrimary: false)])
        return site.pages.notice(notice, shell: visitor.shell(notice.heading), status: .gone)
    }
}
