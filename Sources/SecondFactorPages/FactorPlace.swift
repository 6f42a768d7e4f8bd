public import Hummingbird
public import Identity
public import Pages
public import Web

/// Somebody who is signed in, on a page about their second factor.
public struct FactorVisit: Sendable {
    let session: Session
    /// The shell of their pages: a title, and whether it shows mistakes.
    let shell: @Sendable (String, Bool) -> Shell

    public init(session: Session, shell: @escaping @Sendable (String, Bool) -> Shell) {
        self.session = session
        self.shell = shell
    }
}

/// What differs between the pages of customers, developers and staff.
public struct FactorPlace: Sendable {
    public typealias Page = @Sendable (Request, AppContext, (FactorVisit) async throws -> Response) async throws -> Response
    public typealias Open = @Sendable (FirstStep, _ leadingTo: String, Request, AppContext) async throws -> Response?
    public typealias Form = @Sendable (Request, AppContext, (FactorVisit, Web.Parameters) async throws -> Response) async throws -> Response

    let population: Population
    /// The page of the sign-in; the one for the code lies below it.
    let signIn: String
    /// The page about the second factor; the others lie below it.
    let home: String
    /// The page that leads to it.
    let origin: (address: String, title: String)
    let sessionCookie: String
    /// The shell of a page before anybody is signed in: title, form token, whether it shows mistakes.
    let visitorShell: @Sendable (String, String, Bool) -> Shell
    /// Answers a page, and a form, of somebody who is signed in.
    let page: Page
    let form: Form
    /// Begins the session of a completed sign-in and leads on; `nil` when the password was changed since it was proved.
    let open: Open
    /// Whether enrolling may lead on to an address afterwards: the way on which the code was asked for.
    let leadsOnward: @Sendable (String) -> Bool

    public init(
        population: Population, signIn: String, home: String, origin: (address: String, title: String), sessionCookie: String,
        visitorShell: @escaping @Sendable (String, String, Bool) -> Shell, page: @escaping Page, form: @escaping Form,
        open: @escaping Open, leadsOnward: @escaping @Sendable (String) -> Bool = { _ in false }
    ) {
        self.population = population
        self.signIn = signIn
        self.home = home
        self.origin = origin
        self.sessionCookie = sessionCookie
        self.visitorShell = visitorShell
        self.page = page
        self.form = form
        self.open = open
        self.leadsOnward = leadsOnward
    }

    var codePage: String { "\(signIn)/code" }
}
