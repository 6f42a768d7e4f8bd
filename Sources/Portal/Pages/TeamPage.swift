import Applications
internal import HTTPTypes
import Hummingbird
import Identity
import Mail
import Pages
import Primitives
import Storage
import Web

/// `/portal/team`: who belongs to the organisation. Owners invite, change roles and remove; everybody may leave.
struct TeamPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/team") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                let sent = request.query?["sent"] != nil, changed = request.query?["changed"] != nil
                return try await show(
                    InvitationForm(), FormErrors(), developer, context, note: sent ? "The invitation is on its way" : changed ? "The team is changed" : nil)
            }
        }
        routes.post("/portal/team/invitations") { request, context in
            try await site.form(request, context) { (developer: Developer, form: Web.Parameters) in try await invite(InvitationForm(form), developer, context) }
        }
        routes.post("/portal/team/invitations/{id}/withdraw") { request, context in
            try await site.form(request, context) { (developer: Developer, _) in try await withdraw(developer, context) }
        }
        routes.post("/portal/team/{person}/role") { request, context in
            try await site.form(request, context) { (developer: Developer, form: Web.Parameters) in try await setRole(form["role"], developer, context) }
        }
        routes.post("/portal/team/{person}/confirm") { request, context in
            try await site.form(request, context) { (developer: Developer, _) in try await confirm(developer, context) }
        }
        routes.get("/portal/team/{person}/remove") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await askToRemove(developer, context) }
        }
        routes.post("/portal/team/{person}/remove") { request, context in
            try await site.form(request, context) { (developer: Developer, _) in try await remove(developer, context) }
        }
    }

    struct Member: Encodable {
        let id, name, email, role, joined: String
        let isYou, isHeld, canBeConfirmed, canBeChanged, canBeRemoved: Bool
        let otherRole, otherRoleTitle: String
    }

    struct Open: Encodable {
        let id, email, role, expires: String
        let canBeWithdrawn: Bool
    }

    struct Model: Encodable {
        let errors: ErrorSummary?
        let note: String?
        let organisation: String
        let members: [Member]
        let invitations: [Open]
        let hasInvitations, hasHeld, isOwner: Bool
        let email: Field
        let role: Choices
    }

    private func show(
        _ form: InvitationForm, _ errors: FormErrors, _ developer: Developer, _ context: AppContext, note: String? = nil, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let now = context.receivedAt
        let (members, invitations) = try await site.database.read { [site] tx in
            let members = try site.memberships.list(of: developer.organisation.id, in: tx)
            return (
                try members.compactMap { member in try site.people.find(member.personID, in: tx).map { (member, $0) } },
                try site.invitations.list(of: developer.organisation.id, at: now, in: tx)
            )
        }
        let model = Model(
            errors: errors.summary, note: note, organisation: developer.organisation.name,
            members: members.map { Member($0, $1, seenBy: developer) },
            invitations: invitations.map {
                Open(id: $0.id.rawValue, email: $0.email, role: $0.role.title, expires: $0.expiresAt.day, canBeWithdrawn: developer.isOwner)
            },
            hasInvitations: !invitations.isEmpty, hasHeld: members.contains { $0.0.isHeld }, isOwner: developer.isOwner,
            email: .email("email", "Work email", value: form.email, errors: errors, autocomplete: "off"), role: form.choices(errors))
        return site.pages.page("portal/team", model, shell: developer.shell("Team", current: "team", isError: !errors.isEmpty), status: status)
    }

    private enum Invited: Sendable {
        case sent(Letter?)
        case alreadyMember(isHeld: Bool)
        case notOwner
    }

    private func invite(_ form: InvitationForm, _ developer: Developer, _ context: AppContext) async throws -> Response {
        guard developer.isOwner else { throw PortalRefusal.ownersOnly }
        var errors = form.errors
        // The mail carries a name and a company that the inviter chose: the bank sends it for nobody whom it cannot reach.
        if !developer.person.hasConfirmedEmail { errors.add(field: "email", "Confirm your own email first, by the link that we sent you") }
        guard errors.isEmpty, let email = form.address, let role = form.role else {
            return try await show(form, errors, developer, context, status: .unprocessableContent)
        }
        if let wait = site.invitationPace.wait(developer.organisation.id, at: context.receivedAt) {
            errors.add(field: "email", "\(developer.organisation.name) sent many invitations. Try again in \(wait.words).")
            var response = try await show(form, errors, developer, context, status: .tooManyRequests)
            response.headers[.retryAfter] = String(wait.seconds)
            return response
        }
        let facts = RequestFacts(context)
        let outcome = try await site.database.write { [site] tx -> Invited in
            if let known = try site.people.find(signInName: email.text, population: .developer, in: tx),
                let membership = try site.memberships.find(known.id, in: developer.organisation.id, in: tx)
            {
                return .alreadyMember(isHeld: membership.isHeld)
            }
            let admitted = try MailLimit().admits(email.text, for: .invitation, at: facts.now, in: tx)
            switch try site.invitations.invite(
                email: email.text, role: role, to: developer.organisation.id, by: developer.id, at: facts.now, requestID: facts.requestID, in: tx)
            {
            case .success(let (invitation, secret)):
                return .sent(admitted ? .invitation(invitation, to: developer.organisation, by: developer.person, link: secret, issuer: facts.issuer) : nil)
            case .failure: return .notOwner
            }
        }
        switch outcome {
        case .sent(let letter?):
            site.outgoing.send(letter, at: context.receivedAt)
            return .seeOther("/portal/team?sent=1")
        case .sent(nil):
            throw PortalRefusal.conflict(
                heading: "No mail was sent", lead: "This address got many mails from us within the hour. Wait an hour and invite again.")
        case .alreadyMember(let isHeld):
            errors.add(
                field: "email",
                isHeld ? "This person is in the list of members, unconfirmed" : "This person belongs to \(developer.organisation.name) already")
            return try await show(form, errors, developer, context, status: .unprocessableContent)
        case .notOwner: throw PortalRefusal.ownersOnly
        }
    }

    private func withdraw(_ developer: Developer, _ context: AppContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ InvitationID($0) }) else { throw PortalRefusal.notFound }
        let facts = RequestFacts(context)
        let outcome = try await site.database.write { [site] tx in
            try site.invitations.withdraw(id, of: developer.organisation.id, by: developer.id, at: facts.now, requestID: facts.requestID, in: tx)
        }
        switch outcome {
        case .success(true): return .seeOther("/portal/team?changed=1")
        case .success(false): throw PortalRefusal.notFound
        case .failure: throw PortalRefusal.ownersOnly
        }
    }

    private func setRole(_ text: String?, _ developer: Developer, _ context: AppContext) async throws -> Response {
        guard let role = text.flatMap(MemberRole.init(rawValue:)) else { throw PortalRefusal.notFound }
        return try await change(developer, context) { [site] person, facts, tx in
            try site.memberships.setRole(role, of: person, in: developer.organisation.id, by: developer.id, at: facts.now, requestID: facts.requestID, in: tx)
        }
    }

    private func confirm(_ developer: Developer, _ context: AppContext) async throws -> Response {
        try await change(developer, context) { [site] person, facts, tx in
            try site.memberships.confirm(person, in: developer.organisation.id, by: developer.id, at: facts.now, requestID: facts.requestID, in: tx)
        }
    }

    private func remove(_ developer: Developer, _ context: AppContext) async throws -> Response {
        try await change(developer, context) { [site] person, facts, tx in
            try site.memberships.remove(person, from: developer.organisation.id, by: developer.id, at: facts.now, requestID: facts.requestID, in: tx)
        }
    }

    /// Changes the member whom the address names.
    private func change(
        _ developer: Developer, _ context: AppContext,
        _ work: @escaping @Sendable (PersonID, RequestFacts, any WriteTransaction) throws -> Result<Membership, MembershipRefusal>
    ) async throws -> Response {
        guard let person = context.parameters.get("person").flatMap({ PersonID($0) }) else { throw PortalRefusal.notFound }
        let facts = RequestFacts(context)
        return try answer(try await site.database.write { tx in try work(person, facts, tx) }, developer, person)
    }

    struct RemoveModel: Encodable {
        let id, name, email, organisation: String
        let isYou: Bool
    }

    private func askToRemove(_ developer: Developer, _ context: AppContext) async throws -> Response {
        let organisation = developer.organisation
        guard let id = context.parameters.get("person").flatMap({ PersonID($0) }),
            let person = try await site.database.read({ [site] tx -> Person? in
                try site.memberships.find(id, in: organisation.id, in: tx) == nil ? nil : site.people.find(id, in: tx)
            })
        else { throw PortalRefusal.notFound }
        guard developer.isOwner || person.id == developer.id else { throw PortalRefusal.ownersOnly }
        let model = RemoveModel(
            id: person.id.rawValue, name: person.name, email: person.email ?? "", organisation: organisation.name, isYou: person.id == developer.id)
        return site.pages.page(
            "portal/remove-member", model, shell: developer.shell(model.isYou ? "Leave \(organisation.name)" : "Remove \(person.name)", current: "team"))
    }

    private func answer(_ outcome: Result<Membership, MembershipRefusal>, _ developer: Developer, _ person: PersonID) throws -> Response {
        switch outcome {
        case .success: return .seeOther(person == developer.id ? "/portal" : "/portal/team?changed=1")
        case .failure(.notOwner), .failure(.hasOwner): throw PortalRefusal.ownersOnly
        case .failure(.notMember): throw PortalRefusal.notFound
        case .failure(.lastOwner): throw PortalRefusal.conflict(heading: "The last owner stays", lead: MembershipRefusal.lastOwner.message + ".")
        }
    }
}

extension TeamPage.Member {
    init(_ membership: Membership, _ person: Person, seenBy developer: Developer) {
        id = person.id.rawValue
        name = person.name
        email = person.email ?? ""
        role = membership.role.title
        joined = membership.joinedAt.day
        isYou = person.id == developer.id
        isHeld = membership.isHeld
        canBeConfirmed = developer.isOwner && membership.isHeld
        canBeChanged = developer.isOwner
        canBeRemoved = developer.isOwner || isYou
        let other = membership.role == .owner ? MemberRole.member : .owner
        otherRole = other.rawValue
        otherRoleTitle = other.title.lowercased()
    }
}

/// The invitation form as it was sent.
struct InvitationForm: Sendable {
    var email = ""
    var role: MemberRole? = .member

    init() {}

    init(_ form: Web.Parameters) {
        email = (form["email"] ?? "").trimmingWhitespace()
        role = MemberRole(rawValue: form["role"] ?? "member")
    }

    var address: EmailAddress? { EmailAddress(email) }

    var errors: FormErrors {
        var errors = FormErrors()
        if email.isEmpty {
            errors.add(field: "email", "Enter your colleague’s work email")
        } else if address == nil {
            errors.add(field: "email", "Enter an email address in the form name@company.com")
        }
        if role == nil { errors.add(field: "role", "Choose a role") }
        return errors
    }

    func choices(_ errors: FormErrors) -> Choices {
        Choices(
            "role", "Role",
            options: [
                (value: "member", label: "Member", detail: "Works on apps and reads requests."),
                (value: "owner", label: "Owner", detail: "Also invites, changes roles and removes people."),
            ], chosen: Set([role?.rawValue].compactMap { $0 }), errors: errors)
    }
}
