import Hummingbird
public import Identity
public import Pages
internal import Payments
public import Primitives
public import SecondFactorPages
public import Storage
public import Web
internal import HTTPTypes

/// The pages of the bank's own staff: the audit log, the organisations with their plans, held payments, and people who lost their phone.
public struct StaffRoutes: Sendable {
    let pages: PageRenderer
    let cookies: CookiePolicy
    let csrf: CSRF
    let database: any Database
    let browsers: BrowserCookie
    let signIn: SignIn
    let sessions: Sessions
    let factors: FactorTools
    let books: PaymentBooks
    let bulkBooks: BulkPaymentBooks

    public init(
        pages: PageRenderer, cookies: CookiePolicy, csrf: CSRF, database: any Database, randomness: any RandomSource, signIn: SignIn,
        sessions: Sessions, factors: FactorTools
    ) {
        self.pages = pages
        self.cookies = cookies
        self.csrf = csrf
        self.database = database
        browsers = BrowserCookie(cookies: cookies, randomness: randomness)
        self.signIn = signIn
        self.sessions = sessions
        self.factors = factors
        books = PaymentBooks(randomness: randomness)
        bulkBooks = BulkPaymentBooks(randomness: randomness)
    }

    public func add(to routes: Routes) {
        addSignIn(to: routes)
        addAuditLog(to: routes)
        addOrganisations(to: routes)
        addHeldPayments(to: routes)
        addPeople(to: routes)
        factorPages.add(to: routes)
    }
}

/// A signed-in member of staff.
struct StaffMember: Sendable {
    let session: Session
    let csrf: String

    /// - Parameter current: the key of the navigation entry.
    func shell(_ title: String, current: String, isError: Bool = false) -> Shell {
        Shell(
            audience: .staff, title: title, signedInAs: session.person.name, current: current, csrf: csrf, isSandbox: false, isError: isError)
    }
}

extension StaffRoutes {
    static let sessionCookie = "wkz_staff"

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
        try await signedIn(request, context) { member in
            try await answer(member, try await csrf.fields(of: request, for: member.session.id.rawValue, context: context))
        }
    }
}
