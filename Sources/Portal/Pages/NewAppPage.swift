import Applications
internal import HTTPTypes
import Hummingbird
import Identity
import OAuth
import Pages
import Primitives
import Storage
import Web

/// `/portal/apps/new`: a name, where its code runs, and where customers come back to.
struct NewAppPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/apps/new") { request, context in
            try await site.page(request, context) { (developer: Developer) in
                show(AppForm(kind: .web), FormErrors(), once: site.forms.make(), developer)
            }
        }
        for path in ["/portal/apps/new", "/portal/apps"] {
            routes.post(path) { request, context in
                try await site.form(request, context) { (developer: Developer, form: Web.Parameters) in
                    try await create(AppForm(form), once: form["once"], developer, context)
                }
            }
        }
    }

    struct Model: Encodable {
        let errors: ErrorSummary?
        let once: String
        let name, purpose, redirectURIs: Field
        let kind: Choices
    }

    private func show(_ form: AppForm, _ errors: FormErrors, once: String, _ developer: Developer, status: HTTPResponse.Status = .ok) -> Response {
        let model = Model(
            errors: errors.summary, once: once, name: form.nameField(errors), purpose: form.purposeField(errors),
            redirectURIs: form.redirectURIsField(
                hint: "One on each line, exactly as your app sends it. Leave it empty for a backend without customers.", errors),
            kind: form.kindChoices(errors))
        return site.pages.page("portal/new-app", model, shell: developer.shell("Create an app", current: "apps", isError: !errors.isEmpty), status: status)
    }

    private enum Outcome: Sendable {
        case created(AppID, Secret?)
        case repeated(App)
        case refused(AppRefusal)
    }

    private func create(_ form: AppForm, once: String?, _ developer: Developer, _ context: AppContext) async throws -> Response {
        var errors = form.errors
        let once = once ?? site.forms.make()
        guard errors.isEmpty, let kind = form.kind else { return show(form, errors, once: once, developer, status: .unprocessableContent) }
        let new = NewApp(
            organisationID: developer.organisation.id, name: form.name, purpose: form.purpose.isEmpty ? nil : form.purpose, kind: kind,
            redirectURIs: form.parsedRedirectURIs)
        let facts = RequestFacts(context)
        let outcome = try await site.database.write { [site] tx -> Outcome in
            if case .repeated(let outcome) = try site.forms.claim(once, by: developer.id, at: facts.now, in: tx) {
                return try AppID(outcome).flatMap { try site.apps.find($0, in: tx) }.map { .repeated($0) } ?? .refused(.notFound)
            }
            switch try site.apps.create(new, by: developer.actor, at: facts.now, requestID: facts.requestID, in: tx) {
            case .success(let (app, secret)):
                try site.forms.settle(once, by: developer.id, outcome: app.id.rawValue, in: tx)
                return .created(app.id, secret)
            case .failure(let refusal): return .refused(refusal)
            }
        }
        switch outcome {
        case .created(let id, let secret):
            var response = Response.seeOther(secret == nil ? "/portal/apps/\(id)?created=1" : "/portal/apps/\(id)/secret")
            if let secret { try site.shownOnce.put(secret, of: id.rawValue, for: developer.session.id, at: context.receivedAt, on: &response) }
            return response
        // The browser may have the secret of the first answer still: its page shows it once, or says what to do.
        case .repeated(let app):
            return .seeOther(app.authenticationMethod.usesSecret ? "/portal/apps/\(app.id)/secret" : "/portal/apps/\(app.id)?created=1")
        case .refused(let refusal):
            errors.add(field: refusal.field, refusal.message)
            return show(form, errors, once: site.forms.make(), developer, status: .unprocessableContent)
        }
    }
}

/// The form of an app as it was sent: the same for a new one and for a change.
struct AppForm: Sendable {
    var name = "", purpose = "", redirectURIs = ""
    /// `nil` where the form has no such field.
    var allowedAddresses: String?
    /// Those that the form has a field for.
    var pages: [ClientMetadata.Page: String] = [:]
    var kind: AppKind?

    init(kind: AppKind) { self.kind = kind }

    init(_ form: Web.Parameters) {
        name = (form["name"] ?? "").trimmingWhitespace()
        purpose = (form["purpose"] ?? "").trimmingWhitespace()
        redirectURIs = form["redirect_uris"] ?? ""
        kind = form["kind"].flatMap(AppKind.init(rawValue:))
        for page in ClientMetadata.Page.opened { pages[page] = form[page.rawValue]?.trimmingWhitespace() }
    }

    init(_ app: App) {
        name = app.name
        purpose = app.purpose ?? ""
        redirectURIs = app.redirectURIs.map(\.text).joined(separator: "\n")
        allowedAddresses = app.isConfidential ? app.allowedNetworks.map(\.description).joined(separator: "\n") : nil
        kind = app.kind
        for page in ClientMetadata.Page.opened { pages[page] = app.metadata.pages[page] ?? "" }
    }

    var parsedRedirectURIs: [RedirectURI] { RedirectURILines.parse(redirectURIs).redirectURIs }

    var parsedPages: [ClientMetadata.Page: String?] { pages.mapValues { $0.isEmpty ? nil : $0 } }

    var parsedNetworks: [IPNetwork]? { allowedAddresses.map { AllowedNetworkLines.parse($0).networks } }

    var errors: FormErrors {
        var errors = FormErrors()
        if let refusal = NewApp.refusal(name: name) { errors.add(field: "name", refusal.message) }
        if kind == nil { errors.add(field: "kind", "Choose where your code runs") }
        let (uris, violations) = RedirectURILines.parse(redirectURIs)
        if let kind, kind.needsRedirectURI, uris.isEmpty, violations.isEmpty {
            errors.add(field: "redirect_uris", AppRefusal.redirectURIMissing.message)
        } else if !violations.isEmpty {
            errors.add(field: "redirect_uris", Self.text(violations, in: redirectURIs))
        }
        if let allowedAddresses {
            let violations = AllowedNetworkLines.parse(allowedAddresses).violations
            if !violations.isEmpty { errors.add(field: "allowed_addresses", Self.text(violations, in: allowedAddresses)) }
        }
        if let refusal = NewApp.refusal(purpose: purpose) { errors.add(field: "purpose", refusal.message) }
        for page in ClientMetadata.Page.opened {
            guard let address = pages[page], !address.isEmpty, let refusal = ClientMetadata.refusal(of: address, as: page) else { continue }
            errors.add(field: page.rawValue, refusal.message)
        }
        return errors
    }

    /// Each line's mistake, with what stood there in quotes.
    private static func text(_ violations: [LineViolation], in sent: String) -> String {
        let lines = sent.split(omittingEmptySubsequences: false) { $0.isNewline }
        return violations.map { violation in
            guard lines.indices.contains(violation.line - 1) else { return violation.text }
            return "\(violation.text) (it says “\(lines[violation.line - 1].trimmingWhitespace().prefix(120))”)"
        }.joined(separator: ". ")
    }

    func nameField(_ errors: FormErrors) -> Field {
        .text("name", "App name", value: name, hint: "Customers read it when you ask for their consent.", errors: errors, autocomplete: "off")
    }

    func purposeField(_ errors: FormErrors) -> Field {
        .text(
            "purpose", "What it does for the customer (optional)", value: purpose,
            hint: "One sentence, shown to customers as your words: “Shows where your money goes each month.”", errors: errors, autocomplete: "off")
    }

    func pageFields(_ errors: FormErrors) -> [Field] {
        ClientMetadata.Page.opened.map { page in
            .text(
                page.rawValue, "\(page.title) (optional)", value: pages[page] ?? "",
                hint: "Begins with https://. Customers can open it before they decide.", errors: errors, autocomplete: "off", type: "url")
        }
    }

    func redirectURIsField(hint: String, _ errors: FormErrors) -> Field {
        .textarea(
            "redirect_uris", "Redirect URIs", value: redirectURIs, hint: hint, errors: errors,
            rows: min(12, max(4, redirectURIs.count(where: \.isNewline) + 2)), isVerbatim: true)
    }

    func allowedAddressesField(seenFrom client: ClientAddress, _ errors: FormErrors) -> Field {
        let text = allowedAddresses ?? ""
        return .textarea(
            "allowed_addresses", "Allowed addresses", value: text,
            hint:
                "One on each line: an address such as 192.0.2.10, or a network such as 192.0.2.0/24 or 2001:db8::/32. Leave it empty to let the app call from "
                + "anywhere. Your own address now is \(client.text).",
            errors: errors, rows: min(12, max(4, text.count(where: \.isNewline) + 2)), isVerbatim: true)
    }

    func kindChoices(_ errors: FormErrors) -> Choices {
        Choices(
            "kind", "Where does its code run?",
            options: AppKind.allCases.map { kind in (value: kind.rawValue, label: kind.title, detail: kind.explanation) },
            chosen: Set([kind?.rawValue].compactMap { $0 }), errors: errors)
    }
}

extension AppKind {
    var explanation: String {
        switch self {
        case .web: "A server that customers use in a browser. It keeps a secret."
        case .singlePage: "JavaScript in the customer’s browser. It has no secret; PKCE protects the code."
        case .native: "On a phone or a computer. It has no secret; a loopback address may use any port."
        case .backend: "A server without customers of its own: it lodges consents and reads their state. It keeps a secret."
        }
    }
}

extension AppRefusal {
    /// The form's field that it is about.
    var field: String {
        switch self {
        case .purposeTooLong, .purposeUnseen: "purpose"
        case .redirectURIMissing, .tooManyRedirectURIs, .redirectURITwice: "redirect_uris"
        case .tooManyNetworks, .networkTwice, .networksOfPublicApp: "allowed_addresses"
        case .contradiction: "kind"
        default: "name"
        }
    }
}
