import Events
internal import HTTPTypes
import Hummingbird
import Identity
import Mail
import Pages
import Passwords
import Primitives
import Storage
import Web

/// `/portal/sign-up`: a person and their organisation in one form. A known address gets the same answer in the same time, and a mail that says so.
struct SignUpPage: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        routes.get("/portal/sign-up") { request, context in
            try await site.page(request, context) { (visitor: Visitor) in
                visitor.session == nil ? show(SignUpForm(), FormErrors(), visitor) : .seeOther("/portal")
            }
        }
        routes.post("/portal/sign-up") { request, context in
            try await site.form(request, context) { (visitor: Visitor, form: Web.Parameters) in
                try await signUp(SignUpForm(form), visitor, context)
            }
        }
        routes.get("/portal/sign-up/check-mail") { request, context in
            try await site.page(request, context) { (visitor: Visitor) in checkMail(request, visitor, context) }
        }
        routes.post("/portal/sign-up/resend") { request, context in
            try await site.form(request, context) { (_: Visitor, _) in try await resend(request, context) }
        }
    }

    struct Model: Encodable {
        let errors: ErrorSummary?
        let name, email, company, password: Field
    }

    private func show(_ form: SignUpForm, _ errors: FormErrors, _ visitor: Visitor, status: HTTPResponse.Status = .ok) -> Response {
        let model = Model(
            errors: errors.summary, name: .text("name", "Name", value: form.name, errors: errors, autocomplete: "name"),
            email: .email("email", "Work email", value: form.email, hint: "We send a link to confirm it.", errors: errors),
            company: .text("company", "Company", value: form.company, errors: errors, autocomplete: "organization"),
            password: .password("password", "Password", hint: PasswordRules.hint, errors: errors, isNew: true))
        return site.pages.page("portal/sign-up", model, shell: visitor.shell("Create a sandbox account", isError: !errors.isEmpty), status: status)
    }

    private func signUp(_ form: SignUpForm, _ visitor: Visitor, _ context: AppContext) async throws -> Response {
        var errors = form.errors
        guard errors.isEmpty, let email = form.address else { return show(form, errors, visitor, status: .unprocessableContent) }
        // Hashing is slow, and everybody's sign-in waits for the same few threads.
        if let wait = site.signUpPace.wait(context.clientAddress, at: context.receivedAt).map(Wait.init) {
            errors.add(field: "email", "Too many accounts were asked for from your network. Try again in \(wait.words).")
            var response = show(form, errors, visitor, status: .tooManyRequests)
            response.headers[.retryAfter] = String(wait.seconds)
            return response
        }
        let hash = try await site.passwords.hash(form.password)
        let registration = Registration(
            person: .random(from: site.randomness), organisation: .random(from: site.randomness), name: form.name, email: email,
            company: form.company, passwordHash: hash)
        let letter = try await site.database.write { [site] tx in try site.register(registration, context: .init(context), in: tx) }
        if let letter { site.outgoing.send(letter, at: context.receivedAt) }
        var response = Response.seeOther("/portal/sign-up/check-mail")
        try site.pendingSignUp.set(PendingSignUp(person: registration.person, email: email.text), at: context.receivedAt, on: &response)
        return response
    }

    struct CheckMailModel: Encodable {
        let email: String
        let isDemo: Bool
    }

    private func checkMail(_ request: Request, _ visitor: Visitor, _ context: AppContext) -> Response {
        guard let pending = site.pendingSignUp.content(in: request, at: context.receivedAt) else { return .seeOther("/portal/sign-in") }
        let model = CheckMailModel(email: pending.email, isDemo: site.isDemo)
        return site.pages.page("portal/check-mail", model, shell: visitor.shell("Check your mail"))
    }

    private func resend(_ request: Request, _ context: AppContext) async throws -> Response {
        if let pending = site.pendingSignUp.content(in: request, at: context.receivedAt) {
            let facts = RequestFacts(context)
            let letter = try await site.database.write { [site] tx in try site.letterToSignUpAgain(pending, facts, in: tx) }
            if let letter { site.outgoing.send(letter, at: context.receivedAt) }
        }
        return .seeOther("/portal/sign-up/check-mail")
    }
}

/// The form as it was sent.
struct SignUpForm: Sendable {
    var name = "", email = "", company = "", password = ""

    init() {}

    init(_ form: Web.Parameters) {
        name = (form["name"] ?? "").trimmingWhitespace()
        email = (form["email"] ?? "").trimmingWhitespace()
        company = (form["company"] ?? "").trimmingWhitespace()
        password = form["password"] ?? ""
    }

    var address: EmailAddress? { EmailAddress(email) }

    var errors: FormErrors {
        var errors = FormErrors()
        errors.check(name: name, of: .person)
        if email.isEmpty {
            errors.add(field: "email", "Enter your work email")
        } else if address == nil {
            errors.add(field: "email", "Enter an email address in the form name@company.com")
        }
        errors.check(name: company, of: .company)
        if let refusal = PasswordRules().refusal(of: password, personal: [name, email, company]) { errors.add(field: "password", refusal.message) }
        return errors
    }
}
