internal import Events
internal import HTTPTypes
internal import Hummingbird
internal import Identity
internal import Pages
internal import Passwords
internal import Primitives
internal import SecondFactorPages
internal import Storage
internal import Web

/// `/my/security`: where the customer is signed in, their password and their second factor.
struct SecurityPage: Encodable {
    struct SessionRow: Encodable {
        let id, since, lastSeen, address: String
        let isThis: Bool
    }

    let sessions: [SessionRow]
    let hasOthers: Bool
    let hasSecondFactor: Bool
    let csrf: String
    let errors: ErrorSummary?
    let delay: String?
    let message: String?
    let current, chosen: Field
    let signInName: String
}

extension CustomerRoutes {
    func addSecurity(to routes: Routes) {
        routes.get("/my/security") { request, context in
            try await signedIn(request, context) { session in
                let message = request.query?["done"].flatMap { Self.securityMessages[$0] }
                return try await securityPage(for: session, context, errors: FormErrors(), message: message)
            }
        }
        routes.post("/my/security/sessions/end") { request, context in
            try await signedInForm(request, context) { session, form in try await endSessions(session, form, context) }
        }
        routes.post("/my/security/password") { request, context in
            try await signedInForm(request, context) { session, form in try await changePassword(session, form, context) }
        }
    }

    private static let securityMessages = [
        "ended": "Signed out there. Whoever used it has to sign in again.",
        "password": "Your password is changed, and every other browser is signed out.",
    ]

    private func securityPage(
        for session: Session, _ context: AppContext, errors: FormErrors, delay: String? = nil, message: String? = nil, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let now = context.receivedAt
        let (list, factor) = try await database.read { [sessions, factors = factors.factors] tx in
            (try sessions.list(of: session.person, at: now, in: tx), try factors.find(of: session.person.id, in: tx))
        }
        let page = SecurityPage(
            sessions: list.map { other in
                .init(
                    id: other.id.rawValue, since: other.authenticatedAt.moment(seenAt: now),
                    lastSeen: other.id == session.id ? "Now" : other.lastSeenAt.ago(seenAt: now),
                    address: other.address, isThis: other.id == session.id)
            }, hasOthers: list.contains { $0.id != session.id }, hasSecondFactor: factor != nil, csrf: csrf.token(for: session.id.rawValue),
            errors: errors.summary, delay: delay,
            message: message, current: .password("current", "Current password", errors: errors),
            chosen: .password("chosen", "New password", hint: PasswordRules.hint, errors: errors, isNew: true),
            signInName: session.person.signInName)
        return pages.page(
            "customer/security", page, shell: shell("Security", for: session, current: "security", width: .single, isError: !errors.isEmpty || delay != nil),
            status: status)
    }

    /// Ends one other session, or all others.
    private func endSessions(_ session: Session, _ form: Web.Parameters, _ context: AppContext) async throws -> Response {
        let (now, requestID) = (context.receivedAt, context.requestID)
        let chosen = form["session"].flatMap { SessionID($0) }
        guard form["session"] == "others" || chosen != nil else { throw HTTPError(.badRequest) }
        try await database.write { [sessions] tx in
            if let chosen {
                guard try sessions.end(chosen, of: session.person.id, at: now, in: tx) else { return }
            } else {
                guard try sessions.endAll(of: session.person.id, keeping: session.id, at: now, in: tx) > 0 else { return }
            }
            try AuditLog().append(
                AuditEntry(
                    actor: .person(session.person.id), action: .sessionsEnded, subject: session.person.id.rawValue,
                    after: ["session": chosen?.rawValue ?? "others"], requestID: requestID, at: now),
                in: tx)
        }
        return .seeOther("/my/security?done=ended")
    }

    private func changePassword(_ session: Session, _ form: Web.Parameters, _ context: AppContext) async throws -> Response {
        let person = session.person
        let (current, chosen) = (form["current"] ?? "", form["chosen"] ?? "")
        var errors = FormErrors()
        if current.isEmpty { errors.add(field: "current", "Enter your current password") }
        if let refusal = PasswordRules().refusal(of: chosen, personal: [person.signInName, person.name, person.email ?? ""]) {
            errors.add(field: "chosen", refusal.message)
        }
        guard errors.isEmpty else { return try await securityPage(for: session, context, errors: errors, status: .unprocessableContent) }
        let proof: FirstStep
        switch try await signIn.prove(current, of: person, from: context.clientAddress, requestID: context.requestID, at: context.receivedAt) {
        case .right(let first): proof = first
        case .wrong: return try await wrongPassword(session, context)
        case .delayed(let until):
            let delay = SignInPage.delayWords(until: until, now: context.receivedAt)
            return delayed(try await securityPage(for: session, context, errors: errors, delay: delay, status: .tooManyRequests), until: until, context)
        }
        let hash = try await passwords.hash(chosen)
        let (now, requestID) = (context.receivedAt, context.requestID)
        let refusal = try await database.write { [renewal] tx in
            try renewal.change(in: session, after: proof, passwordHash: hash, at: now, requestID: requestID, in: tx)
        }
        return switch refusal {
        case nil: .seeOther("/my/security?done=password")
        case .signedOut?: .seeOther("/my/sign-in?next=\(Web.Parameters.encode("/my/security"))")
        case .wrongPassword?: try await wrongPassword(session, context)
        }
    }

    private func wrongPassword(_ session: Session, _ context: AppContext) async throws -> Response {
        var errors = FormErrors()
        errors.add(field: "current", "This is not your current password. Check it and try again.")
        return try await securityPage(for: session, context, errors: errors, status: .unprocessableContent)
    }
}
