import Hummingbird
import OpenBanking
import Pages
import Sandbox
import Web

/// The guides: pages of prose, some with facts from the code.
struct GuidePages: PortalPage {
    let site: PortalSite

    func add(to routes: Routes) {
        for guide in Self.all {
            routes.get("/docs/\(guide.path)") { request, context in
                try await site.docs(request, context, "docs/\(guide.path)", title: guide.title) {
                    Model(
                        navigation: DocsNavigation(current: guide.key), issuer: context.issuer.text, isDemo: site.isDemo, customers: Customer.all,
                        password: site.isDemo ? PersonaCatalogue.password : nil,
                        permissions: Permission.allCases.map {
                            PermissionRow(name: $0.rawValue, words: $0.words, scope: $0.isAboutTransactions ? "transactions.read" : "accounts.read")
                        })
                }
            }
        }
    }

    struct PermissionRow: Encodable {
        let name, words, scope: String
    }

    struct Model: Encodable {
        let navigation: DocsNavigation
        let issuer: String
        let isDemo: Bool
        let customers: [Customer]
        /// Of demo mode; elsewhere each world has its own.
        let password: String?
        let permissions: [PermissionRow]
        let consentStatuses = ConsentStatus.allCases.map(StatusRow.init)
        let paymentStatuses = PaymentStatus.allCases.map(StatusRow.init)
        let reasons = PaymentReason.allCases.compactMap { reason in reason.iso20022.map { ReasonRow(name: reason.rawValue, code: $0) } }
    }

    private struct Guide {
        let path, key, title: String
    }

    private static let all = [
        Guide(path: "accounts-and-consents", key: "consents", title: "Accounts and consents"),
        Guide(path: "payments", key: "payments", title: "Payments"),
        Guide(path: "sandbox", key: "sandbox", title: "The sandbox"),
        Guide(path: "security", key: "", title: "Security"),
        Guide(path: "help", key: "", title: "Help"),
        Guide(path: "sharing", key: "", title: "How sharing works"),
        Guide(path: "privacy", key: "", title: "Privacy"),
    ]
}
