public import Applications
public import Bank
public import Consents
public import Identity
public import OAuth
public import OpenBanking
public import Primitives

/// What the customer is asked, as values that a page shows.
public struct ConsentQuestion: Sendable {
    public let transaction: AuthorizationTransaction
    public let app: App
    public let person: Person
    /// The identity scopes among what is asked: `openid profile email …`.
    public let identityScopes: ScopeSet
    /// `nil` when the app only learns who the customer is.
    public let permissions: PermissionSet?
    /// What the app wants to pay; the permissions are empty then.
    public let payment: PaymentTerms?
    /// When the app lodged the consent; `nil` where the request itself makes one.
    public let lodgedAt: Timestamp?
    public let transactionsFrom: Timestamp?
    public let transactionsTo: Timestamp?
    /// When the access ends.
    public let expiresAt: Timestamp
    /// The customer's accounts, those that cannot be shared among them: `reasonNotShareable` tells why.
    public let accounts: [Account]
    /// What is on them.
    public let balances: [AccountID: Balance]

    public var asksForAccounts: Bool { permissions != nil }
    public var hasShareableAccount: Bool { accounts.contains { reasonNotOffered($0) == nil } }

    /// Why an account cannot be chosen, as the rest of a sentence; `nil` when it can.
    public func reasonNotOffered(_ account: Account) -> String? {
        account.reasonNotShareable ?? payment.flatMap { $0.reasonNotPaying(from: account) }
    }
    /// Whether the app keeps access while the customer is away.
    public var keepsAccess: Bool { app.grantTypes.contains(.refreshToken) }
}
