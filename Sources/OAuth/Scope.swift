/// The scopes this server knows (RFC 6749 §3.3). Fine permissions live in the consent.
package enum Scope: String, CaseIterable, Sendable, Codable {
    case openid, profile, email, phone, address
    case offlineAccess = "offline_access"
    case accountsRead = "accounts.read"
    case transactionsRead = "transactions.read"
    case paymentsWrite = "payments.write"
    case consentsWrite = "consents.write"

    /// Scopes whose calls need a customer's consent.
    package var needsConsent: Bool { [.accountsRead, .transactionsRead, .paymentsWrite].contains(self) }

    /// Scopes that an app may hold for itself, without a customer (client credentials).
    package var isForApps: Bool { self == .consentsWrite }
}

/// A set of scopes with the wire form's order: as the catalogue lists them.
package struct ScopeSet: Hashable, Sendable, Codable, ExpressibleByArrayLiteral {
    package private(set) var scopes: Set<Scope>

    package init(_ scopes: some Sequence<Scope>) { self.scopes = Set(scopes) }
    package init(arrayLiteral elements: Scope...) { scopes = Set(elements) }

    /// Reads the space-separated wire form.
    /// - Returns: `nil` for an unknown scope or for more than 100 of them; doubled spaces are forgiven.
    package init?(_ text: String) {
        let names = text.split(separator: " ", maxSplits: 101)
        let scopes = names.compactMap { Scope(rawValue: String($0)) }
        guard names.count <= 100, scopes.count == names.count else { return nil }
        self.scopes = Set(scopes)
    }

    package var text: String { ordered.map(\.rawValue).joined(separator: " ") }
    package var ordered: [Scope] { Scope.allCases.filter(scopes.contains) }
    package var isEmpty: Bool { scopes.isEmpty }

    package func contains(_ scope: Scope) -> Bool { scopes.contains(scope) }
    package func isSubset(of other: ScopeSet) -> Bool { scopes.isSubset(of: other.scopes) }
    package func intersection(_ other: ScopeSet) -> ScopeSet { ScopeSet(scopes.intersection(other.scopes)) }
    package func union(_ other: ScopeSet) -> ScopeSet { ScopeSet(scopes.union(other.scopes)) }
    package func subtracting(_ other: ScopeSet) -> ScopeSet { ScopeSet(scopes.subtracting(other.scopes)) }
    package func filter(_ isIncluded: (Scope) -> Bool) -> ScopeSet { ScopeSet(scopes.filter(isIncluded)) }
}
