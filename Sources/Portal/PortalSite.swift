public import Applications
public import Certificates
public import Contract
public import Identity
public import Logging
import Mail
public import Metering
import OAuth
public import Pages
public import Passwords
public import Primitives
import Sandbox
public import SecondFactorPages
public import Storage
public import Web

/// What the portal's pages stand on.
public struct PortalSite: Sendable {
    let database: any Database
    let pages: PageRenderer
    let cookies: CookiePolicy
    let csrf: CSRF
    let browsers: BrowserCookie
    let randomness: any RandomSource
    let passwords: PasswordHasher
    let signIn: SignIn
    let sessions: Sessions
    let links: OneTimeLinks
    let confirmation: EmailConfirmation
    let renewal: PasswordRenewal
    let apps: Apps
    let registrations: AppRegistrations
    let registrationTokens: InitialAccessTokens
    let invitations: Invitations
    let quotas: Quotas
    let contract: APIContract
    let contractFiles: ContractFiles
    let certificateCheck: ClientCertificateCheck
    let sandboxAuthority: SandboxAuthority
    let forms: FormTokens
    let refusals: RefusalSeal
    let shownOnce: ShownOnce
    let pendingSignUp: PendingSignUp.Cookie
    let factors: FactorTools
    /// Fewer at once than passwords may wait to be hashed, so that a network keeps nobody else from signing in.
    let signUpPace = NetworkPace(burst: 20, every: .seconds(30))
    let passwordResetPace = NetworkPace(burst: 100, every: .seconds(30))
    let invitationPace = InvitationPace()
    let worlds: Worlds
    let worldPasswords: WorldPasswords
    let logger: Logger

    /// Whether the demo world and `/demo/mailbox` are there.
    var isDemo: Bool { pages.isDemo }

    var outgoing: OutgoingMail { factors.outgoing }

    let people = People()
    let organisations = Organisations()
    let memberships = Memberships()
    let records = DecisionRecords()
    let certificates = AppCertificates()

    /// - Parameters:
    ///   - rootKey: seals what is kept.
    ///   - travelKey: seals what is handed out and comes back.
    ///   - seedWorld: makes an organisation's five customers.
    ///   - contractDirectory: the folder of `openapi/*.yaml`, for downloads.
    public init(
        database: any Database, rootKey: RootKey, travelKey: RootKey, pages: PageRenderer, cookies: CookiePolicy, passwords: PasswordHasher,
        signIn: SignIn, sessions: Sessions, factors: FactorTools, seedWorld: @escaping WorldSeeding, quotas: Quotas, contract: APIContract,
        contractDirectory: String, certificateCheck: ClientCertificateCheck, sandboxAuthority: SandboxAuthority, randomness: any RandomSource, logger: Logger
    ) throws {
        self.database = database
        self.pages = pages
        self.cookies = cookies
        csrf = CSRF(rootKey: travelKey)
        refusals = RefusalSeal(rootKey: travelKey)
        browsers = BrowserCookie(cookies: cookies, randomness: randomness)
        self.randomness = randomness
        self.passwords = passwords
        self.signIn = signIn
        self.sessions = sessions
        links = OneTimeLinks(randomness: randomness)
        confirmation = EmailConfirmation(randomness: randomness)
        renewal = PasswordRenewal(sessions: sessions, randomness: randomness)
        apps = Apps(randomness: randomness)
        registrations = AppRegistrations(randomness: randomness)
        registrationTokens = InitialAccessTokens(randomness: randomness)
        invitations = Invitations(randomness: randomness)
        self.quotas = quotas
        self.contract = contract
        contractFiles = try ContractFiles(directory: contractDirectory)
        self.certificateCheck = certificateCheck
        self.sandboxAuthority = sandboxAuthority
        forms = FormTokens(randomness: randomness)
        shownOnce = ShownOnce(rootKey: travelKey, cookies: cookies)
        pendingSignUp = SealedCookie("wkz_signup", purpose: "portal.pending_sign_up", lifetime: .hours(24), rootKey: travelKey, cookies: cookies)
        self.factors = factors
        worldPasswords = WorldPasswords(
            rootKey: rootKey, travelKey: travelKey, randomness: randomness, shared: pages.isDemo ? PersonaCatalogue.password : nil)
        worlds = Worlds(seed: seedWorld, worldPasswords: worldPasswords, database: database, passwords: passwords, logger: logger)
        self.logger = logger
    }
}
