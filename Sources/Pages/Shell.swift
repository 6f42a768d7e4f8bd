/// Whom a page is for: it chooses the name in the top bar, its links and the navigation.
public enum Audience: String, Sendable, CaseIterable {
    case developer, customer, staff, visitor
}

/// How wide the page's one column is.
public enum PageWidth: String, Sendable {
    /// A form or a decision.
    case narrow
    /// A list of objects.
    case single
    /// A landing page.
    case wide
}

/// An entry of the navigation at the side.
public struct NavigationEntry: Sendable {
    public let key: String
    public let label: String
    public let address: String

    public init(_ key: String, _ label: String, _ address: String) {
        self.key = key
        self.label = label
        self.address = address
    }

    public static let developer = [
        NavigationEntry("overview", "Overview", "/portal"),
        NavigationEntry("apps", "Apps", "/portal/apps"),
        NavigationEntry("customers", "Sandbox customers", "/portal/customers"),
        NavigationEntry("requests", "Requests", "/portal/requests"),
        NavigationEntry("usage", "Usage and plan", "/portal/usage"),
        NavigationEntry("team", "Team", "/portal/team"),
        NavigationEntry("settings", "Settings", "/portal/settings"),
    ]

    public static let customer = [
        NavigationEntry("connections", "Connections", "/my"),
        NavigationEntry("looks", "Every look", "/my/looks"),
        NavigationEntry("payments", "Payments", "/my/payments"),
        NavigationEntry("security", "Security", "/my/security"),
    ]

    public static let staff = [
        NavigationEntry("audit", "Audit", "/staff"),
        NavigationEntry("organisations", "Organisations", "/staff/organisations"),
        NavigationEntry("payments", "Held payments", "/staff/payments"),
        NavigationEntry("people", "People", "/staff/people"),
        NavigationEntry("second-factor", "Two-step sign-in", "/staff/second-factor"),
    ]
}

/// Everything around a page's content.
public struct Shell: Sendable {
    public var audience: Audience
    /// What the page answers, without the site's name.
    public var title: String
    /// The given name or the email of whoever is signed in; `nil` shows the links of a visitor.
    public var signedInAs: String?
    public var organisation: String?
    /// The key of the navigation entry that the page belongs to.
    public var current: String?
    /// The token for the forms of the page, sign-out included.
    public var csrf: String?
    public var isSandbox: Bool
    /// Whether the page shows mistakes in a form: its title begins with "Error: ".
    public var isError: Bool
    /// `nil`: the navigation's column for developers and staff who are signed in, one column otherwise.
    public var width: PageWidth?
    /// `nil`: the audience's own.
    public var navigation: [NavigationEntry]?
    /// Whether a visitor's page knows that a developer is signed in: it leads to the portal, not to the sign-in.
    public var leadsToPortal: Bool

    public init(
        audience: Audience, title: String, signedInAs: String? = nil, organisation: String? = nil, current: String? = nil, csrf: String? = nil,
        isSandbox: Bool = true, isError: Bool = false, width: PageWidth? = nil, navigation: [NavigationEntry]? = nil,
        leadsToPortal: Bool = false
    ) {
        self.audience = audience
        self.title = title
        self.signedInAs = signedInAs
        self.organisation = organisation
        self.current = current
        self.csrf = csrf
        self.isSandbox = isSandbox
        self.isError = isError
        self.width = width
        self.navigation = navigation
        self.leadsToPortal = leadsToPortal
    }
}

/// The shell, ready to print.
struct ShellModel: Encodable {
    let title, site, product, home: String
    let isSandbox, isError, isDemo: Bool
    let stylesheet, script, icon: String
    let csrf, signedInAs, organisation, signOut: String?
    let isDeveloper, isCustomer, isStaff, isVisitor, isSignedInDeveloper, isSignedInCustomer, isSignedInStaff, leadsToPortal: Bool
    let isForBankCustomers: Bool
    let mainClass: String
    let hasNavigation: Bool
    let navigationLabel: String
    let navigation: [Entry]

    struct Entry: Encodable {
        let label, address: String
        let isCurrent: Bool
    }

    init(_ shell: Shell, files: StaticFiles?, isDemo: Bool) {
        title = shell.title
        site = shell.audience == .customer ? "Wekeza" : "Wekeza Open Platform"
        product = shell.audience == .customer ? "Bank" : "Open Platform"
        home =
            switch shell.audience {
            case .developer: shell.signedInAs == nil ? "/" : "/portal"
            case .customer: "/my"
            case .staff: "/staff"
            case .visitor: "/"
            }
        isSandbox = shell.isSandbox
        isError = shell.isError
        self.isDemo = isDemo
        stylesheet = StaticFiles.address(of: "wekeza.css", in: files)
        script = StaticFiles.address(of: "wekeza.js", in: files)
        icon = StaticFiles.address(of: "mark.svg", in: files)
        csrf = shell.csrf
        signedInAs = shell.signedInAs
        organisation = shell.organisation
        let signedIn = shell.signedInAs != nil
        signOut = signedIn ? ["developer": "/portal/sign-out", "customer": "/my/sign-out", "staff": "/staff/sign-out"][shell.audience.rawValue] : nil
        isDeveloper = shell.audience == .developer
        isCustomer = shell.audience == .customer
        isStaff = shell.audience == .staff
        isVisitor = shell.audience == .visitor || (shell.audience == .developer && !signedIn)
        isSignedInDeveloper = isDeveloper && signedIn
        isSignedInCustomer = isCustomer && signedIn
        isSignedInStaff = isStaff && signedIn
        leadsToPortal = shell.leadsToPortal
        isForBankCustomers = isCustomer
        mainClass = (shell.width ?? (isCustomer || signedIn ? .single : .narrow)).rawValue
        hasNavigation = (isSignedInDeveloper || isSignedInStaff) && shell.width == nil
        navigationLabel = isStaff ? "Staff" : "Portal"
        let entries =
            shell.navigation ?? (isDeveloper ? NavigationEntry.developer : isStaff ? NavigationEntry.staff : isCustomer ? NavigationEntry.customer : [])
        navigation = entries.map { Entry(label: $0.label, address: $0.address, isCurrent: $0.key == shell.current) }
    }
}
