package import Hummingbird
package import Identity
package import Pages
package import Primitives
package import Storage
package import Web
internal import HTTPTypes

/// The pages of the bank's own staff: the audit log, and the organisations with their plans.
package struct StaffRoutes: Sendable {
    let pages: PageRenderer
    let cookies: CookiePolicy
    let csrf: CSRF
    let database: any Database
    let randomness: any RandomSource
    let signIn: SignIn
    let sessions: Sessions

    package init(
        pages: PageRenderer, cookies: CookiePolicy, csrf: CSRF, database: any Database, randomness: any RandomSource, signIn: SignIn,
        sessions: Sessions
    ) {
        self.pages = pages
        self.cookies = cookies
        self.csrf = csrf
        self.database = database
        self.randomness = randomness
        self.signIn = signIn
        self.sessions = sessions
    }

    package func add(to router: Router<AppContext>) {
        addSignIn(to: router)
        addAuditLog(to: router)
        addOrganisations(to: router)
    }
}

/// A signed-in member of staff.
struct StaffMember: Sendable {
    let session: Session
    let csrf: String

    /// - Parameter current: the key of the navigation entry.
    func shell(_ title: String, current: String, isError: Bool = false) -> Shell {
        Shell(
            audience: .staff, title: title, signedInAs: session.person.name, current: current, csrf: csrf, isSandbox: false, isError: isError,
            navigation: [NavigationEntry("audit", "Audit", "/staff"), NavigationEntry("organisations", "Organisations", "/staff/organisations")])
    }
}

extension StaffRoutes {
    static let sessionCookie = "wkz_staff"
    static let browserCookie = "wkz_browser"

    func session(of request: Request, _ context: AppContext) async throws -> Session? {
        guard let token = cookies.value(Self.sessionCookie, in: request) else { return nil }
        return try await sessions.find(token: token, population: .staff, at: context.receivedAt)
    }

    /// A page for staff; others are led to sign in.
    func signedIn(_ request: Request, _ context: AppContext, _ answer: (StaffMember) async throws -> Response) async throws -> Response {
        guard let session = try await session(of: request, context) else { return .seeOther("/staff/sign-in") }
        return try await answer(StaffMember(session: session, csrf: csrf.token(for: session.id.rawValue)))
    }

    /// A form of staff: from our own page, with its token.
    func form(
        _ request: Request, _ context: AppContext, _ answer: (StaffMember, Web.Parameters) async throws -> Response
    ) async throws -> Response {
        guard isOurOwn(request, context) else { return foreignForm(context) }
        return try await signedIn(request, context) { member in
            let form = try await request.form(context: context)
            guard form.repeatedName == nil, csrf.accepts(form["csrf"], for: member.session.id.rawValue) else { return foreignForm(context) }
            return try await answer(member, form)
        }
    }

    /// Whether the browser says that the form came from our own page (OWASP ASVS 3.5.1). Under `Referrer-Policy: no-referrer` a form says
    /// `Origin: null`, which tells nothing.
    func isOurOwn(_ request: Request, _ context: AppContext) -> Bool {
        if let site = request.headers[.secFetchSite], site != "same-origin", site != "none" { return false }
        guard let origin = request.headers[.origin], origin != "null" else { return true }
        let authority = request.head.authority ?? ""
        return [context.issuer.text, "http://\(authority)", "https://\(authority)"].contains(origin)
    }

    func foreignForm(_ context: AppContext) -> Response {
        let notice = Notice(
            "We did not accept the form",
            "It did not come from the page we gave you, or that page was too old. Go back, load the page again and send the form once more.",
            actions: [.init("Go to the audit log", "/staff")], reference: context.requestID.rawValue)
        return pages.notice(notice, shell: Shell(audience: .staff, title: notice.heading, isSandbox: false), status: .forbidden)
    }
}

extension HTTPField.Name {
    static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")!  // a token
}
