import Applications
internal import HTTPTypes
import Hummingbird
import Identity
import OAuth
import Pages
import Primitives
import Storage
import Web

/// `/portal/registration`: initial access tokens, with which an organisation's software registers itself (RFC 7591 §3).
struct RegistrationTokensPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/registration") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                try await show(TokenForm(), FormErrors(), developer, context, revoked: request.query?["revoked"].map { _ in "The token is revoked" })
            }
        }
        routes.post("/portal/registration") { request, context in
            try await site.form(request, context) { (developer: Developer, form: Web.Parameters) in
                try await create(TokenForm(form), once: form["once"], developer, context)
            }
        }
        routes.get("/portal/registration/{token}") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await showOnce(developer, request, context) }
        }
        routes.get("/portal/registration/{token}/revoke") { request, context in
            try await site.page(request, context) { (developer: Developer) in try await ask(developer, context) }
        }
        routes.post("/portal/registration/{token}/revoke") { request, context in
            try await site.form(request, context) { (developer: Developer, _) in try await revoke(developer, context) }
        }
    }

    struct Row: Encodable {
        let id, name, hint, made, left, until, profile: String
        let lastUsed: String?
        let isLive: Bool
        /// Why it does not work any more.
        let ended: String?
    }

    struct Model: Encodable {
        let organisation: String
        let errors: ErrorSummary?
        let revoked: String?
        let rows: [Row]
        let hasRows: Bool
        let address: String
        let isOpen: Bool
        let once: String
        let name, uses, days, profile: Field
    }

    private func show(
        _ form: TokenForm, _ errors: FormErrors, _ developer: Developer, _ context: AppContext, revoked: String? = nil, status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let now = context.receivedAt
        let tokens = try await site.database.read { [site] tx in try site.registrationTokens.list(of: developer.organisation.id, at: now, in: tx) }
        let model = Model(
            organisation: developer.organisation.name, errors: errors.summary, revoked: revoked, rows: tokens.map { Row($0, at: now) },
            hasRows: !tokens.isEmpty,
            address: context.issuer.address("/oauth2/register"), isOpen: site.isDemo, once: site.forms.make(), name: form.nameField(errors),
            uses: form.usesField(errors), days: form.daysField(errors), profile: form.profileField)
        return site.pages.page(
            "portal/registration", model, shell: developer.shell("Registration by software", current: "apps", isError: !errors.isEmpty), status: status)
    }

    private enum Outcome: Sendable {
        case created(InitialAccessTokenID, Secret)
        case repeated(InitialAccessTokenID?)
        case refused(InitialAccessTokenRefusal)
    }

    private func create(_ form: TokenForm, once: String?, _ developer: Developer, _ context: AppContext) async throws -> Response {
        let facts = RequestFacts(context)
        let outcome = try await site.database.write { [site] tx -> Outcome in
            if case .repeated(let outcome) = try site.forms.claim(once, by: developer.id, at: facts.now, in: tx) {
                return .repeated(InitialAccessTokenID(outcome))
            }
            let made = try site.registrationTokens.create(
                name: form.name, uses: form.parsedUses, lifetime: .days(Int64(form.parsedDays)), profile: form.parsedProfile,
                for: developer.organisation.id, by: developer.actor, at: facts.now, requestID: facts.requestID, in: tx)
            switch made {
            case .success(let (token, secret)):
                try site.forms.settle(once, by: developer.id, outcome: token.id.rawValue, in: tx)
                return .created(token.id, secret)
            case .failure(let refusal): return .refused(refusal)
            }
        }
        switch outcome {
        case .created(let id, let secret):
            var response = Response.seeOther("/portal/registration/\(id)")
            try site.shownOnce.put(secret, of: id.rawValue, for: developer.session.id, at: context.receivedAt, on: &response)
            return response
        case .repeated(let id): return .seeOther(id.map { "/portal/registration/\($0)" } ?? "/portal/registration")
        case .refused(let refusal):
            var errors = FormErrors()
            errors.add(field: refusal.field, refusal.message)
            return try await show(form, errors, developer, context, status: .unprocessableContent)
        }
    }

    struct ShownModel: Encodable {
        let name, secret: String
        let sample: Code
    }

    /// Takes the token from the browser's cookie and the cookie from the browser.
    private func showOnce(_ developer: Developer, _ request: Request, _ context: AppContext) async throws -> Response {
        let token = try await token(developer, context)
        guard let secret = site.shownOnce.take(of: token.id.rawValue, for: developer.session.id, from: request, at: context.receivedAt) else {
            var shell = developer.shell("The token was shown once", current: "apps")
            shell.width = .narrow
            let notice = Notice(
                "The token was shown once", "We keep only a digest of it, so nobody can show it again.",
                paragraphs: ["If it is lost, revoke it and create another."], actions: [.init("Go to the tokens", "/portal/registration")])
            return site.pages.notice(notice, shell: shell)
        }
        let sample = Code(
            "Register an app with curl",
            """
            curl \(context.issuer.address("/oauth2/register")) \\
              -H "Authorization: Bearer \(secret.value)" \\
              -H "Content-Type: application/json" \\
              -d '{"client_name": "Budget Robot", "redirect_uris": ["https://robot.example.com/callback"]}'
            """)
        var response = site.pages.page(
            "portal/registration-token", ShownModel(name: token.name, secret: secret.value, sample: sample),
            shell: developer.shell("Token \(token.name)", current: "apps"))
        site.shownOnce.forget(on: &response)
        return response
    }

    private func ask(_ developer: Developer, _ context: AppContext) async throws -> Response {
        let token = try await token(developer, context)
        guard token.isLive(at: context.receivedAt) else { throw PortalRefusal.notFound }
        return site.pages.page(
            "portal/revoke-registration-token", Row(token, at: context.receivedAt), shell: developer.shell("Revoke \(token.name)", current: "apps"))
    }

    private func revoke(_ developer: Developer, _ context: AppContext) async throws -> Response {
        let token = try await token(developer, context)
        let facts = RequestFacts(context)
        try await site.database.write { [site] tx in
            _ = try site.registrationTokens.revoke(
                token.id, of: developer.organisation.id, by: developer.actor, at: facts.now, requestID: facts.requestID, in: tx)
        }
        return .seeOther("/portal/registration?revoked=1")
    }

    private func token(_ developer: Developer, _ context: AppContext) async throws -> InitialAccessToken {
        guard let id = context.parameters.get("token").flatMap({ InitialAccessTokenID($0) }),
            let token = try await site.database.read({ [site] tx in try site.registrationTokens.find(id, in: tx) }),
            token.organisationID == developer.organisation.id
        else { throw PortalRefusal.notFound }
        return token
    }
}

extension RegistrationTokensPage.Row {
    init(_ token: InitialAccessToken, at now: Timestamp) {
        id = token.id.rawValue
        name = token.name
        hint = token.hint
        made = token.createdAt.day
        left = "\(token.usesLeft) of \(token.uses)"
        until = token.expiresAt.day
        profile = token.profile.title
        lastUsed = token.lastUsedAt.map { $0.ago(seenAt: now) }.map { $0.prefix(1).lowercased() + $0.dropFirst() }
        isLive = token.isLive(at: now)
        ended = isLive ? nil : token.revokedAt != nil ? "Revoked" : token.usesLeft == 0 ? "Used up" : "Expired"
    }
}

extension InitialAccessTokenRefusal {
    /// The id of the form's field.
    fileprivate var field: String {
        switch self {
        case .name, .tooMany: "name"
        case .uses: "uses"
        case .lifetime: "days"
        }
    }
}

/// The form of a new token as it was sent.
struct TokenForm: Sendable {
    var name = "", uses = "1", days = "7", profile = SecurityProfile.oauth21.rawValue

    init() {}

    init(_ form: Web.Parameters) {
        name = (form["name"] ?? "").trimmingWhitespace()
        uses = (form["uses"] ?? "").trimmingWhitespace()
        days = (form["days"] ?? "").trimmingWhitespace()
        profile = form["profile"] ?? profile
    }

    /// What is no number is none that a token takes.
    var parsedUses: Int { Int(uses) ?? 0 }
    var parsedDays: Int { Int(days).flatMap { (1...100_000).contains($0) ? $0 : nil } ?? 0 }
    var parsedProfile: SecurityProfile { SecurityProfile(rawValue: profile) ?? .oauth21 }

    func nameField(_ errors: FormErrors) -> Field {
        .text("name", "Name", value: name, hint: "Where it will be used, such as your build server.", errors: errors, autocomplete: "off")
    }

    func usesField(_ errors: FormErrors) -> Field {
        .text("uses", "How many apps it registers", value: uses, errors: errors, autocomplete: "off", inputMode: "numeric")
    }

    func daysField(_ errors: FormErrors) -> Field {
        .text("days", "How many days it works", value: days, errors: errors, autocomplete: "off", inputMode: "numeric")
    }

    var profileField: Field {
        .select(
            "profile", "Profile of its apps",
            options: SecurityProfile.allCases.map { .init(value: $0.rawValue, label: $0.title, isSelected: $0 == parsedProfile) })
    }
}
