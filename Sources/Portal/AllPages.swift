internal import HTTPTypes
import Hummingbird
internal import SecondFactorPages
public import Web

/// A page of the portal, or a few that belong together.
protocol PortalPage: Sendable {
    init(site: PortalSite)
    func add(to routes: Routes)
}

/// Every page of the portal and the documentation.
public struct PortalPages: Sendable {
    private let site: PortalSite

    public init(site: PortalSite) { self.site = site }

    public func add(to routes: Routes) {
        for page in Self.all { page.init(site: site).add(to: routes) }
        site.factorPages.add(to: routes)
    }

    private static let all: [any PortalPage.Type] = [
        // For everybody
        LandingPage.self, SignUpPage.self, ConfirmationPage.self, SignInPage.self, ForgottenPasswordPage.self, ResetPasswordPage.self,
        InvitationPage.self, ReceivedCertificatePage.self,
        // For developers
        OverviewPage.self, AppsPage.self, NewAppPage.self, AppPage.self, AppSecretsPage.self, AppCertificatesPage.self, EditAppPage.self, AppSecurityPage.self,
        RemoveAppPage.self, ConfirmAppPage.self, SelfRegistrationPage.self, RegistrationTokensPage.self,
        SamplesPage.self, CustomersPage.self, RequestsPage.self, RequestPage.self, PaymentsPage.self, UsagePage.self, TeamPage.self, SettingsPage.self,
        // Documentation
        QuickStartPage.self, GuidePages.self, ScenariosPage.self, RobotPage.self, ErrorPages.self, ReferencePage.self,
    ]
}
