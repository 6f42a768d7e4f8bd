public import Identity
public import Mail
public import Pages
public import Primitives
public import Storage
public import Web

/// What the pages about second factors stand on, whoever they are for.
public struct FactorTools: Sendable {
    let database: any Database
    let pages: PageRenderer
    let cookies: CookiePolicy
    let csrf: CSRF
    let browsers: BrowserCookie
    let signIn: SignIn
    let sessions: Sessions
    public let factors: SecondFactors
    public let secondStep: SecondStep
    public let changes: SecondFactorChanges
    public let outgoing: OutgoingMail
    let travelKey: RootKey

    /// - Parameters:
    ///   - rootKey: seals what is kept.
    ///   - travelKey: seals what is handed out and comes back.
    public init(
        database: any Database, rootKey: RootKey, travelKey: RootKey, pages: PageRenderer, cookies: CookiePolicy, randomness: any RandomSource,
        signIn: SignIn, sessions: Sessions, outgoing: OutgoingMail
    ) {
        self.database = database
        self.pages = pages
        self.cookies = cookies
        csrf = CSRF(rootKey: travelKey)
        browsers = BrowserCookie(cookies: cookies, randomness: randomness)
        self.signIn = signIn
        self.sessions = sessions
        factors = SecondFactors(rootKey: rootKey, randomness: randomness)
        secondStep = SecondStep(database: database, factors: factors)
        changes = SecondFactorChanges(factors: factors, secondStep: secondStep)
        self.outgoing = outgoing
        self.travelKey = travelKey
    }

    /// The factor's owner is told by mail, where there is an address.
    /// - Parameter home: where they can look at it.
    public func tell(_ person: Person, _ news: FactorNews, home: String, at now: Timestamp) {
        if let message = news.message(to: person, home: home, at: now) { outgoing.send(message) }
    }
}
