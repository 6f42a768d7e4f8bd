import Applications
import Events
internal import HTTPTypes
import Hummingbird
import Identity
import Pages
import Passwords
import Primitives
import Storage
import Web

/// `/portal/invitation?token=…`: joining an organisation, with an account that exists or a new one. Only the address that was invited may accept.
struct InvitationPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/invitation") { request, context in
            try await site.page(request, context) { (visitor: Visitor) in
                let token = request.query?["token"] ?? ""
                guard let invited = try await invited(token, context) else { return expired(visitor) }
                return show(invited, token, name: "", FormErrors(), visitor)
            }
        }
        routes.post("/portal/invitation") { request, context in
            try await site.form(request, context) { (visitor: Visitor, form: Web.Parameters) in try await accept(form, request, visitor, context) }
        }
    }

    /// An open invitation with what its page tells.
    private struct Invited: Sendable {
        let invitation: Invitation
        let organisation: Organisation
        let inviter: Person?
        /// The account of the invited address, if there is one.
        let known: Person?
    }

    struct Model: Encodable {
        let errors: ErrorSummary?
        let organisation, inviter, email, token, role: String
        let isNew, isSignedIn, needsSignIn: Bool
        let otherEmail: String?
        let signInAddress: String
        let name, password: Field
    }

    private func invited(_ token: String, _ context: AppContext) async throws -> Invited? {
        let now = context.receivedAt
        return try await site.database.read { [site] tx -> Invited? in
            guard let invitation = try site.invitations.find(secret: token, at: now, in: tx),
                let organisation = try site.organisations.find(invitation.organisationID, in: tx)
            else { return nil }
            return Invited(
                invitation: invitation, organisation: organisation, inviter: try site.people.find(invitation.invitedBy, in: tx),
                known: try site.people.find(signInName: invitation.email, population: .developer, in: tx))
        }
    }

    private func show(_ invited: Invited, _ token: String, name: String, _ errors: FormErrors, _ visitor: Visitor, status: HTTPResponse.Status = .ok)
        -> Response
    {
        let session = visitor.session
        let isTheirs = session != nil && session?.person.id == invited.known?.id
        let address = "/portal/invitation?token=\(Web.Parameters.encode(token))"
        let model = Model(
            errors: errors.summary, organisation: invited.organisation.name, inviter: invited.inviter?.name ?? "A colleague", email: invited.invitation.email,
            token: token, role: invited.invitation.role == .owner ? "an owner" : "a member", isNew: session == nil && invited.known == nil,
            isSignedIn: isTheirs,
            needsSignIn: session == nil && invited.known != nil, otherEmail: session != nil && !isTheirs ? session?.person.signInName : nil,
            signInAddress: SignInAddress.comingBack(to: address), name: .text("name", "Name", value: name, errors: errors, autocomplete: "name"),
            password: .password("password", "Password", hint: PasswordRules.hint, errors: errors, isNew: true))
        return site.pages.page("portal/invitation", model, shell: visitor.shell("Join \(invited.organisation.name)", isError: !errors.isEmpty), status: status)
    }

    private func accept(_ form: Web.Parameters, _ request: Request, _ visitor: Visitor, _ context: AppContext) async throws -> Response {
        let token = form["token"] ?? ""
        guard let invited = try await invited(token, context) else { return expired(visitor) }
        if let known = invited.known {
            // An account that exists proves itself by its own sign-in; the link alone opens nothing.
            guard let session = visitor.session, session.person.id == known.id else {
                return show(invited, token, name: "", FormErrors(), visitor, status: .forbidden)
            }
            guard try await join(known, token: token, confirmsEmail: true, context) else { return expired(visitor) }
            return opening(invited.organisation, .seeOther("/portal"))
        }
        guard visitor.session == nil else { return show(invited, token, name: "", FormErrors(), visitor, status: .forbidden) }
        return try await acceptAsNew(invited, token, form, request, visitor, context)
    }

    private func acceptAsNew(_ invited: Invited, _ token: String, _ form: Web.Parameters, _ request: Request, _ visitor: Visitor, _ context: AppContext)
        async throws -> Response
    {
        let name = (form["name"] ?? "").trimmingWhitespace()
        let password = form["password"] ?? ""
        var errors = FormErrors()
        errors.check(name: name, of: .person)
        if let refusal = PasswordRules().refusal(of: password, personal: [name, invited.invitation.email, invited.organisation.name]) {
            errors.add(field: "password", refusal.message)
        }
        guard errors.isEmpty else { return show(invited, token, name: name, errors, visitor, status: .unprocessableContent) }
        let hash = try await site.passwords.hash(password)
        let facts = RequestFacts(context)
        let email = invited.invitation.email
        let new = NewPerson(
            id: .random(from: site.randomness), population: .developer, signInName: email, name: name, email: email, emailConfirmedAt: facts.now,
            passwordHash: hash)
        let person = try await joining { [site] tx -> Person? in
            // Both or neither: a link that was spent meanwhile makes no person, and an address that was taken meanwhile spends no link.
            guard try site.invitations.find(secret: token, at: facts.now, in: tx) != nil, let person = try site.people.create(new, at: facts.now, in: tx) else {
                return nil
            }
            guard try site.invitations.accept(secret: token, by: person.id, at: facts.now, requestID: facts.requestID, in: tx) != nil else {
                throw InvitationSpent()
            }
            try AuditLog().append(
                AuditEntry(
                    actor: .person(person.id), action: .signedUp, subject: person.id.rawValue, after: ["email": email], requestID: facts.requestID,
                    at: facts.now), in: tx)
            return person
        }
        guard let person else { return expired(visitor) }
        return opening(invited.organisation, try await site.startSession(for: person, replacing: request, context, leadingTo: "/portal"))
    }

    private func joining(_ body: @escaping @Sendable (any WriteTransaction) throws -> Person?) async throws -> Person? {
        do {
            return try await site.database.write(body)
        } catch is InvitationSpent {
            return nil
        }
    }

    private func join(_ person: Person, token: String, confirmsEmail: Bool, _ context: AppContext) async throws -> Bool {
        let facts = RequestFacts(context)
        return try await site.database.write { [site] tx in
            guard try site.invitations.accept(secret: token, by: person.id, at: facts.now, requestID: facts.requestID, in: tx) != nil else { return false }
            // The link came by mail, so the address is theirs.
            if confirmsEmail { try site.people.confirmEmail(of: person.id, at: facts.now, in: tx) }
            return true
        }
    }

    private func opening(_ organisation: Organisation, _ response: Response) -> Response {
        var response = response
        site.cookies.set(Developer.organisationCookie, to: organisation.id.rawValue, on: &response)
        return response
    }

    private func expired(_ visitor: Visitor) -> Response {
        let notice = Notice(
            "This invitation does not work any more", "It was accepted, withdrawn, replaced by a newer one, or is older than 7 days.",
            paragraphs: ["Ask the colleague who invited you to do so again."],
            actions: [.init("Go to the portal", "/portal"), .init("Create a sandbox account", "/portal/sign-up", isPrimary: false)])
        return site.pages.notice(notice, shell: visitor.shell(notice.heading), status: .gone)
    }
}

/// The link was spent by another request within the same instant: the transaction rolls back.
private struct InvitationSpent: Error {}
