import Applications
import Events
internal import HTTPTypes
import Hummingbird
import Identity
import Mail
import Pages
import Passwords
import Primitives
import SecondFactorPages
import Storage
import Web

/// `/portal/settings`: the developer's own name, password, second factor and sessions.
struct SettingsPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/settings") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                let query = request.query ?? Web.Parameters()
                let note =
                    query["saved"] != nil
                    ? "Your name is changed"
                    : query["password"] != nil ? "Your password is changed, and you are signed out elsewhere" : query["ended"] != nil ? "Signed out there" : nil
                return try await show(name: developer.person.name, FormErrors(), developer, context, note: note)
            }
        }
        routes.post("/portal/settings/name") { request, context in
            try await site.form(request, context) { (developer: Developer, form: Web.Parameters) in
                try await rename((form["name"] ?? "").trimmingWhitespace(), developer, context)
            }
        }
        routes.post("/portal/settings/password") { request, context in
            try await site.form(request, context) { (developer: Developer, form: Web.Parameters) in try await changePassword(form, developer, context) }
        }
        routes.post("/portal/settings/sessions/{session}/end") { request, context in
            try await site.form(request, context) { (developer: Developer, _) in try await endSession(developer, context) }
        }
        routes.post("/portal/settings/sessions/end-others") { request, context in
            try await site.form(request, context) { (developer: Developer, _) in
                let facts = RequestFacts(context)
                try await site.database.write { [site] tx in
                    let ended = try site.sessions.endAll(of: developer.id, keeping: developer.session.id, at: facts.now, in: tx)
                    try AuditLog().append(
                        AuditEntry(
                            actor: developer.actor, action: .sessionsEnded, subject: developer.id.rawValue, after: ["sessions_ended": String(ended)],
                            requestID: facts.requestID, at: facts.now), in: tx)
                }
                return Response.seeOther("/portal/settings?ended=1")
            }
        }
    }

    struct SessionRow: Encodable {
        let id, address, since, seen: String
        let isThis: Bool
    }

    struct Place: Encodable {
        let id, name: String
        let isCurrent: Bool
    }

    struct Model: Encodable {
        let errors: ErrorSummary?
        let note: String?
        let heldPlaces: HeldPlaces?
        let email: String
        let isConfirmed: Bool
        let username: String
        let name, currentPassword, newPassword: Field
        let hasSecondFactor: Bool
        let sessions: [SessionRow]
        let hasOthers: Bool
        let organisations: [Place]
        let hasSeveralOrganisations: Bool
    }

    private func show(
        name: String, _ errors: FormErrors, _ developer: Developer, _ context: AppContext, note: String? = nil, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let now = context.receivedAt
        let (sessions, factor, held) = try await site.database.read { [site] tx in
            (
                try site.sessions.list(of: developer.person, at: now, in: tx), try site.factors.factors.find(of: developer.id, in: tx),
                try site.heldPlaces(of: developer.id, in: tx)
            )
        }
        let model = Model(
            errors: errors.summary, note: note, heldPlaces: held, email: developer.person.email ?? "",
            isConfirmed: developer.person.hasConfirmedEmail, username: developer.person.signInName,
            name: .text("name", "Name", value: name, errors: errors, autocomplete: "name"),
            currentPassword: .password("current_password", "Current password", errors: errors),
            newPassword: .password("new_password", "New password", hint: PasswordRules.hint, errors: errors, isNew: true),
            hasSecondFactor: factor != nil,
            sessions: sessions.map {
                SessionRow(
                    id: $0.id.rawValue, address: $0.address.isEmpty ? "Unknown address" : $0.address, since: $0.authenticatedAt.moment(seenAt: now),
                    seen: $0.lastSeenAt.ago(seenAt: now), isThis: $0.id == developer.session.id)
            },
            hasOthers: sessions.count > 1,
            organisations: developer.organisations.map { Place(id: $0.id.rawValue, name: $0.name, isCurrent: $0.id == developer.organisation.id) },
            hasSeveralOrganisations: developer.organisations.count > 1)
        return site.pages.page("portal/settings", model, shell: developer.shell("Settings", current: "settings", isError: !errors.isEmpty), status: status)
    }

    private func rename(_ name: String, _ developer: Developer, _ context: AppContext) async throws -> Response {
        var errors = FormErrors()
        errors.check(name: name, of: .person)
        guard errors.isEmpty else { return try await show(name: name, errors, developer, context, status: .unprocessableContent) }
        let now = context.receivedAt
        try await site.database.write { [site] tx in try site.people.rename(developer.id, to: name, at: now, in: tx) }
        return .seeOther("/portal/settings?saved=1")
    }

    private static let wrongPassword = "This is not your current password"

    private func changePassword(_ form: Web.Parameters, _ developer: Developer, _ context: AppContext) async throws -> Response {
        let current = form["current_password"] ?? ""
        let new = form["new_password"] ?? ""
        var errors = FormErrors()
        if current.isEmpty { errors.add(field: "current_password", "Enter your current password") }
        if let refusal = PasswordRules().refusal(of: new, personal: [developer.person.name, developer.person.signInName, developer.organisation.name]) {
            errors.add(field: "new_password", refusal == .empty ? "Enter a new password" : refusal.message)
        }
        var proved: FirstStep?
        if errors.isEmpty {
            let proof = try await site.signIn.prove(
                current, of: developer.person, from: context.clientAddress, requestID: context.requestID, at: context.receivedAt)
            switch proof {
            case .right(let first): proved = first
            case .wrong: errors.add(field: "current_password", Self.wrongPassword)
            case .delayed: errors.add(field: "current_password", "Too many attempts failed. Wait a while and try again.")
            }
        }
        guard let first = proved else { return try await show(name: developer.person.name, errors, developer, context, status: .unprocessableContent) }
        let hash = try await site.passwords.hash(new)
        let facts = RequestFacts(context)
        let refusal = try await site.database.write { [site] tx in
            try site.renewal.change(in: developer.session, after: first, passwordHash: hash, at: facts.now, requestID: facts.requestID, in: tx)
        }
        switch refusal {
        case nil: break
        case .signedOut?: return .seeOther(SignInAddress.comingBack(to: "/portal/settings"))
        case .wrongPassword?:
            errors.add(field: "current_password", Self.wrongPassword)
            return try await show(name: developer.person.name, errors, developer, context, status: .unprocessableContent)
        }
        site.outgoing.send(.passwordChanged(to: developer.person, issuer: context.issuer), at: context.receivedAt)
        return .seeOther("/portal/settings?password=1")
    }

    private func endSession(_ developer: Developer, _ context: AppContext) async throws -> Response {
        guard let id = context.parameters.get("session").flatMap({ SessionID($0) }), id != developer.session.id else { throw PortalRefusal.notFound }
        let facts = RequestFacts(context)
        let ended = try await site.database.write { [site] tx -> Bool in
            guard try site.sessions.end(id, of: developer.id, at: facts.now, in: tx) else { return false }
            try AuditLog().append(
                AuditEntry(
                    actor: developer.actor, action: .sessionsEnded, subject: developer.id.rawValue, before: ["session": id.rawValue],
                    requestID: facts.requestID,
                    at: facts.now), in: tx)
            return true
        }
        guard ended else { throw PortalRefusal.notFound }
        return .seeOther("/portal/settings?ended=1")
    }
}

extension People {
    /// Gives a person another name.
    func rename(_ id: PersonID, to name: String, at now: Timestamp, in tx: any WriteTransaction) throws {
        let given = String(name.split(separator: " ").first ?? Substring(name))
        try tx.execute("UPDATE person SET name = \(name), given_name = \(given) WHERE id = \(id)")
        try tx.announce(.person, id.rawValue, at: now)
    }
}
