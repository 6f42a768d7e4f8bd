/// The scopes this server knows (RFC 6749 §3.3). Fine permissions live in the consent.
public enum Scope: String, CaseIterable, Sendable, Codable {
    case openid, profile, email, phone, address
    case offlineAccess = "offline_access"
    case accountsRead = "accounts.read"
    case transactionsRead = "transactions.read"
    case paymentsWrite = "payments.write"
    case consentsWrite = "consents.write"

    /// Scopes whose calls need a customer's consent.
    public var needsConsent: Bool { [.accountsRead, .transactionsRead, .paymentsWrite].contains(self) }

    /// Scopes that an app may hold for itself, without a customer (client credentials).
    public var isForApps: Bool { self == .consentsWrite || self == .paymentsWrite }

    /// Scopes that a customer can give.
    public var isForCustomers: Bool { self != .consentsWrite }
}

/// A set of scopes with the wire form's order: as the catalogue lists them.
public struct ScopeSet: Hashable, Sendable, Codable, ExpressibleByArrayLiteral {
    /// A bit for each scope, by its place in the catalogue: sets are compared and written on every token.
    private var bits: UInt16 = 0

    public init(_ scopes: some Sequence<Scope>) { for scope in scopes { bits |= scope.bit } }
    public init(arrayLiteral elements: Scope...) { self.init(elements) }
    private init(bits: UInt16) { self.bits = bits }

    /// Reads the space-separated wire form.
    /// - Returns: `nil` for an unknown scope or for more than 100 of them; doubled spaces are forgiven.
    public init?(_ text: String) {
        let names = text.utf8.split(separator: UInt8(ascii: " "), maxSplits: 101)
        guard names.count <= 100 else { return nil }
        for name in names {
            guard let scope = Scope(rawValue: String(Substring(name))) else { return nil }
            bits |= scope.bit
        }
    }

    public var text: String { ordered.map(\.rawValue).joined(separator: " ") }
    public var ordered: [Scope] { Scope.allCases.filter(contains) }
    public var isEmpty: Bool { bits == 0 }

    public func contains(_ scope: Scope) -> Bool { bits & scope.bit != 0 }
    public func contains(where isWanted: (Scope) -> Bool) -> Bool { ordered.contains(where: isWanted) }
    public func isSubset(of other: ScopeSet) -> Bool { bits & ~other.bits == 0 }
    public func intersection(_ other: ScopeSet) -> ScopeSet { ScopeSet(bits: bits & other.bits) }
    public func union(_ other: ScopeSet) -> ScopeSet { ScopeSet(bits: bits | other.bits) }
    public func subtracting(_ other: ScopeSet) -> ScopeSet { ScopeSet(bits: bits & ~other.bits) }
    public func filter(_ isIncluded: (Scope) -> Bool) -> ScopeSet { ScopeSet(ordered.filter(isIncluded)) }

    /// In the wire form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let set = ScopeSet(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "an unknown scope")
        }
        self = set
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension Scope {
    fileprivate var bit: UInt16 {
        switch self {
        case .openid: 1 << 0
        case .profile: 1 << 1
        case .email: 1 << 2
        case .phone: 1 << 3
        case .address: 1 << 4
        case .offlineAccess: 1 << 5
        case .accountsRead: 1 << 6
        case .transactionsRead: 1 << 7
        case .paymentsWrite: 1 << 8
        case .consentsWrite: 1 << 9
        }
    }
}
