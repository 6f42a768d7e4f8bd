public import Applications
public import AuthorizationServer
import Hummingbird
public import Identity
public import Pages
public import Passwords
public import Primitives
public import SecondFactorPages
public import Storage
public import Web
internal import AccessTokens
internal import Bank
internal import Consents
internal import Metering
internal import Payments

/// The pages of the bank's customers: signing in and deciding on the way from an app and back to it, and `/my`, where they see and end what they allowed.
public struct CustomerRoutes: Sendable {
    let pages: PageRenderer
    let cookies: CookiePolicy
    let csrf: CSRF
    let database: any Database
    let browsers: BrowserCookie
    let signIn: SignIn
    let sessions: Sessions
    let passwords: PasswordHasher
    let renewal: PasswordRenewal
    let authorization: AuthorizationEndpoint
    let apps: AppDirectory
    let factors: FactorTools

    let accounts = Accounts()
    let consents = Consents()
    let grants = Grants()
    let books = PaymentBooks()
    let bulkBooks = BulkPaymentBooks()
    let records = DecisionRecords()

    public init(
        pages: PageRenderer, cookies: CookiePolicy, csrf: CSRF, database: any Database, randomness: any RandomSource, signIn: SignIn,
        sessions: Sessions, passwords: PasswordHasher, authorization: AuthorizationEndpoint, apps: AppDirectory,
        factors: FactorTools
    ) {
        self.pages = pages
        self.cookies = cookies
        self.csrf = csrf
        self.database = database
        browsers = BrowserCookie(cookies: cookies, randomness: randomness)
        self.signIn = signIn
        self.sessions = sessions
        self.passwords = passwords
        renewal = PasswordRenewal(sessions: sessions, randomness: randomness)
        self.authorization = authorization
        self.apps = apps
        self.factors = factors
    }

    public func add(to routes: Routes) {
        addAuthorization(to: routes)
        addSignIn(to: routes)
        addConnections(to: routes)
        addPayments(to: routes)
        addSecurity(to: routes)
        factorPages.add(to: routes)
    }
}
