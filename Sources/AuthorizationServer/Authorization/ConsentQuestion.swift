package import Applications
package import Bank
package import Consents
package import Identity
package import OAuth
package import OpenBanking
package import Primitives

/// What the customer is asked, as values that a page shows.
package struct ConsentQuestion: Sendable {
    package let transaction: AuthorizationTransaction
    package let app: App
    package let person: Person
    /// The identity scopes among what is asked: `openid profile email …`.
    package let identityScopes: ScopeSet
    /// `nil` when the app only learns who the customer is.
    package let permissions: PermissionSet?
    /// What the app wants to pay; the permissions are empty then.
    package let payment: PaymentTerms?
    /// When the app lodged the consent; `nil` where the request itself makes one.
    package let lodgedAt: Timestamp?
    package let transactionsFrom: Timestamp?
    package let transactionsTo: Timestamp?
    /// When the access ends.
    package let expiresAt: Timestamp
    /// The customer's accounts, those that cannot be shared among them: `reasonNotShareable` tells why.
    package let accounts: [Account]
    /// What is on them.
    package let balances: [AccountID: Balance]

    package var asksForAccounts: Bool { permissions != nil }
    package var hasShareableAccount: Bool { accounts.contains { reasonNotOffered($0) == nil } }

    /// Why an account cannot be chosen, as the rest of a sentence; `nil` when it can.
    package func reasonNotOffered(_ account: Account) -> String? {
        account.reasonNotShareable ?? payment.flatMap { $0.reasonNotPaying(from: account) }
    }
    /// Whether the app keeps access while the customer is away.
    package var keepsAccess: Bool { app.grantTypes.contains(.refreshToken) }
}
